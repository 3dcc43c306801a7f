import { mkdir, rm, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type AccessFiles, loadAccess } from '../../daemon/access/load.js';
import { AccessFileError } from '../../daemon/access/lines.js';
import { hashPassword } from '../../daemon/access/passwords.js';
import { TemporaryDirectory } from '../support/temporary.js';

const nothing: AccessFiles = {
  allowed: ['NULL'],
  required: [],
  ipFile: null,
  passwordFile: null,
  groupFile: null,
  cleartextPasswords: false,
};

const load = (files: Partial<AccessFiles>): ReturnType<typeof loadAccess> =>
  loadAccess({ ...nothing, ...files });

async function refusal(files: Partial<AccessFiles>): Promise<string> {
  try {
    await load(files);
  } catch (error) {
    expect(error).to.be.instanceOf(AccessFileError);
    return (error as Error).message;
  }
  throw new Error('it did not fail');
}

describe('access: files', () => {
  let folder: TemporaryDirectory;
  const home = process.cwd();
  before(async () => {
    folder = await TemporaryDirectory.make();
    process.chdir(folder.path);
  });
  after(async () => {
    process.chdir(home);
    await folder[Symbol.asyncDispose]();
  });

  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(folder.file(name), text);
    return folder.file(name);
  };

  it('are none by default', async () => {
    const rules = await load({});
    expect(rules.permissions).to.equal(null);
    expect(rules.ip.allows({ unix: true })).to.equal(false);
    expect(rules).to.deep.include({ allowed: ['NULL'], required: [], cleartextPasswords: false });
  });

  it('are read where they are given', async () => {
    const rules = await load({
      allowed: ['IP', 'PWORD'],
      ipFile: await write('ips', 'unix'),
      passwordFile: await write('users', `alice:${await hashPassword('secret')}`),
      groupFile: await write('groups', 'alice join a'),
      cleartextPasswords: true,
    });
    expect(rules.cleartextPasswords).to.equal(true);
    expect(rules.ip.allows({ unix: true })).to.equal(true);
    expect(await rules.passwords.verify({ user: 'alice', password: 'secret' })).to.equal(true);
    expect(rules.permissions?.permitOf(['alice'])('join', 'a')).to.equal(true);
  });

  it('are found in the working directory, where Spread 5.0.1 looks first', async () => {
    await write('spread.access_ip', '10.0.0.1\n');
    await write('spread.access_pword', `bob:${await hashPassword('hidden')}\n`);
    for (const methods of [{ allowed: ['IP', 'PWORD'] }, { required: ['IP', 'PWORD'] }] as const) {
      const rules = await load(methods);
      expect(rules.ip.allows({ unix: false, address: '10.0.0.1' })).to.equal(true);
      expect(await rules.passwords.verify({ user: 'bob', password: 'hidden' })).to.equal(true);
    }
  });

  it('that are given count more than those that are found', async () => {
    await write('spread.access_ip', '10.0.0.1\n');
    const rules = await load({ allowed: ['IP'], ipFile: await write('ips', '10.0.0.2') });
    expect(rules.ip.allows({ unix: false, address: '10.0.0.1' })).to.equal(false);
  });

  it('are not looked at when their method is not used', async () => {
    await write('spread.access_ip', 'nonsense');
    await write('spread.access_pword', 'nonsense');
    await load({ ipFile: '/nowhere', passwordFile: '/nowhere' });
    expect(await refusal({ required: ['IP'] })).to.match(
      /^spread\.access_ip:1: expected unix, local, an address or address\/prefix, got "nonsense"/,
    );
    expect(await refusal({ allowed: ['PWORD'] })).to.match(/^spread\.access_pword:1: expected user:hash/);
  });

  it('that are given and missing are named', async () => {
    const missing = folder.file('missing');
    for (const files of [
      { allowed: ['IP'], ipFile: missing },
      { required: ['PWORD'], passwordFile: missing },
      { groupFile: missing },
    ] as const) {
      expect(await refusal(files)).to.equal(`${missing}: cannot be read (ENOENT)`);
    }
  });

  it('that cannot be read are named, also where they are looked for', async () => {
    const path = folder.file('spread.access_ip');
    await rm(path, { force: true });
    await mkdir(path);
    expect(await refusal({ allowed: ['IP'] })).to.equal('spread.access_ip: cannot be read (EISDIR)');
    await rm(path, { recursive: true });
    expect(await refusal({ groupFile: folder.path })).to.equal(`${folder.path}: cannot be read (EISDIR)`);
  });

  it('name the line that is wrong', async () => {
    const path = await write('groups', '# rules\n\nalice read a\n');
    expect(await refusal({ groupFile: path })).to.equal(
      `${path}:3: expected join, send, impersonate, or some of them with commas between, got "read"`,
    );
  });

  describe('that are found nowhere', () => {
    before(async () => {
      process.chdir('/');
    });
    after(() => {
      process.chdir(folder.path);
    });

    it('let nobody in by IP', async () => {
      const { ip } = await load({ allowed: ['IP'] });
      expect(ip.allows({ unix: true })).to.equal(false);
      expect(ip.allows({ unix: false, address: '127.0.0.1' })).to.equal(false);
    });

    it('are needed for PWORD', async () => {
      expect(await refusal({ allowed: ['PWORD'] })).to.equal(
        'spread.access_pword: PWORD needs this file, here or in /etc',
      );
    });
  });
});
