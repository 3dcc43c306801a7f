import { expect } from 'chai';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration, searchConfiguration } from '../../daemon/config/index.js';
import { rejectionOf, withDaemon } from './support.js';

const put = async (path: string, text: string): Promise<string> => {
  await writeFile(path, text);
  return path;
};

describe('searchConfiguration and loadConfiguration', () => {
  let folder = '';
  let work = '';
  let system = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sspd-config-'));
    [work, system] = [join(folder, 'work'), join(folder, 'system')];
    await Promise.all([mkdir(work), mkdir(system)]);
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('reads the given file first', async () => {
    await put(join(work, 'spread.conf'), 'work');
    const file = await put(join(folder, 'my.conf'), 'mine');
    expect(await searchConfiguration(file, [work, system])).to.deep.equal({ file, text: 'mine' });
  });

  it('reads the working directory before the system directory', async () => {
    const there = await put(join(system, 'spread.conf'), 'system');
    expect(await searchConfiguration(undefined, [work, system])).to.include({ file: there, text: 'system' });
    const here = await put(join(work, 'spread.conf'), 'work');
    expect(await searchConfiguration(undefined, [work, system])).to.include({ file: here, text: 'work' });
  });

  it('reads no other file in place of the given one', async () => {
    await put(join(system, 'spread.conf'), 'system');
    const missing = join(folder, 'my.conf');
    const error = await rejectionOf(searchConfiguration(missing, [work, system]));
    expect(error.message).to.equal(`${missing}: no configuration: ${missing} cannot be read (ENOENT)`);
  });

  it('refuses when there is none in the usual places, and says what was tried', async () => {
    const error = await rejectionOf(searchConfiguration(undefined, [work, system]));
    for (const path of [join(work, 'spread.conf'), join(system, 'spread.conf')]) {
      expect(error.message).to.contain(`${path} cannot be read (ENOENT)`);
    }
  });

  it('passes over a directory in place of a file', async () => {
    const error = await rejectionOf(searchConfiguration(folder, [work]));
    expect(error.message).to.contain(`${folder} cannot be read (EISDIR)`);
  });

  it('loads a whole configuration, and ignores a byte order mark', async () => {
    const file = await put(join(folder, 'my.conf'), `\ufeff${withDaemon('MaxSessions = 7')}`);
    const configuration = await loadConfiguration({ file });
    expect(configuration).to.include({ file, name: 'alpha', maxSessions: 7 });
    expect(await loadConfiguration({ file, name: 'alpha' })).to.deep.equal(configuration);
  });

  it('names the file in what it refuses', async () => {
    const file = await put(join(folder, 'my.conf'), withDaemon('Windows = 5'));
    const unknown = await rejectionOf(loadConfiguration({ file }));
    expect(unknown.message).to.equal(
      `${file}:4:1: expected Spread_Segment or an option, found "Windows"; did you mean "Window"?`,
    );
    await put(file, withDaemon());
    expect((await rejectionOf(loadConfiguration({ file, name: 'beta' }))).message).to.equal(
      `${file}: no daemon is named "beta"`,
    );
  });

  describe('for another host', () => {
    const text =
      'Spread_Segment 192.0.2.255 { one 192.0.2.1 { D 192.0.2.1 C 192.0.2.9 } two 192.0.2.2 }\nEngine = corosync\nEventLogFile = "/var/log/%h.log"\n';

    it('finds the daemon that is named like it, with or without a domain', async () => {
      const file = await put(join(folder, 'my.conf'), text);
      for (const hostName of ['two', 'TWO.invalid', 'two.invalid']) {
        const configuration = await loadConfiguration({ file, hostName });
        expect(configuration).to.include({ name: 'two', logFile: `/var/log/${hostName}.log` });
      }
    });

    it('does not look for its interfaces here', async () => {
      const file = await put(join(folder, 'my.conf'), text);
      const { name, listen } = await loadConfiguration({ file, hostName: 'one', name: 'one' });
      expect([name, listen.map(({ host }) => host)]).to.deep.equal(['one', ['192.0.2.9']]);
    });

    it('finds the daemon that has the address of its name', async () => {
      const file = await put(join(folder, 'my.conf'), withDaemon());
      expect(await loadConfiguration({ file, hostName: '127.0.0.1' })).to.include({ name: 'alpha' });
    });

    it('refuses one that nothing is known of, and a daemon that is elsewhere', async () => {
      const file = await put(join(folder, 'my.conf'), text);
      const unknown = await rejectionOf(loadConfiguration({ file, hostName: 'nowhere.invalid' }));
      expect(unknown.message).to.equal(
        `${file}: no daemon is named like the host "nowhere.invalid", and no IPv4 address is found for it`,
      );
      const elsewhere = await rejectionOf(loadConfiguration({ file, hostName: 'two', name: 'one' }));
      expect(elsewhere.message).to.contain('the address of "one", is not an address of the host "two"');
    });
  });
});
