/** New options for a daemon that runs: for new sessions, all or nothing. */
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { AccessFileError } from '../../daemon/access/lines.js';
import { hashPassword } from '../../daemon/access/passwords.js';
import { type Daemon, type DaemonOptions, IllegalParamError } from '../../daemon/index.js';
import {
  ACCEPT_SESSION,
  nullAuthenticator,
  passwordAuthenticator,
  REJECT_AUTH,
  REJECT_MESS,
  SP_connect,
  SP_disconnect,
} from '../../lib/ssp/index.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { deserted, startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { tell } from '../support/describe-frame.js';
import { failure } from '../support/failure.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { tlsOn } from '../support/tls-files.js';

/** What `startDaemon` begins with. */
const base: DaemonOptions = { name: 'dmn1', listen: [{ host: '127.0.0.1', port: 0 }] };

/** The code that a raw connection is refused with, or 0. */
async function refusal(daemon: Daemon, name: string): Promise<string> {
  try {
    (await RawSession.connect(daemon.port, name)).close();
    return 'in';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('session: reload', () => {
  let folder: TemporaryDirectory;
  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
  });
  afterEach(async () => {
    await folder[Symbol.asyncDispose]();
  });

  async function write(name: string, text: string): Promise<string> {
    await writeFile(folder.file(name), text);
    return folder.file(name);
  }

  it('changes limits for new sessions and keeps the old ones', async () => {
    await using daemon = await startDaemon({ limits: { maxSessions: 2 } });
    const sessions = [await RawSession.connect(daemon.port, 'a'), await RawSession.connect(daemon.port, 'b')];
    expect(await refusal(daemon, 'c')).to.equal('refused: -3');
    expect(await daemon.reload({ ...base, limits: { maxSessions: 3 } })).to.deep.equal([]);
    sessions.push(await RawSession.connect(daemon.port, 'c'));
    await daemon.reload({ ...base, limits: { maxSessions: 1 } });
    expect(await refusal(daemon, 'd')).to.equal('refused: -3');
    expect(daemon.sessions).to.equal(3);
    for (const session of sessions) session.close();
  });

  it('takes the default for a limit that is not named any more', async () => {
    await using daemon = await startDaemon({ limits: { maxSessions: 0 } });
    await daemon.reload(base);
    expect(await refusal(daemon, 'a')).to.equal('in');
  });

  it('changes the methods', async () => {
    await using daemon = await startDaemon();
    const old = await RawSession.connect(daemon.port, 'old');
    const passwordFile = await write('users', `alice:${await hashPassword('secret')}`);
    await daemon.reload({ ...base, allowedAuthMethods: ['PWORD'], passwordFile });
    const address = `${daemon.port}@127.0.0.1`;
    expect((await SP_connect(address, 'c', 0, true, { auth: [nullAuthenticator] })).ret).to.equal(
      REJECT_AUTH,
    );
    const auth = [passwordAuthenticator('alice', 'secret')];
    const { ret, mbox } = await SP_connect(address, 'd', 0, true, { auth });
    expect(ret).to.equal(ACCEPT_SESSION);
    old.join('g');
    expect(tell(await old.next())).to.equal('join g: #old#dmn1 (#old#dmn1)');
    await SP_disconnect(mbox);
    old.close();
  });

  it('reads the files again', async () => {
    const options: DaemonOptions = {
      ...base,
      allowedAuthMethods: ['PWORD'],
      passwordFile: await write('users', `alice:${await hashPassword('secret')}`),
      limits: { authFailureDelayMs: 0 },
    };
    await using daemon = await startDaemon(options);
    const answer = async (password: string): Promise<number> => {
      const auth = [passwordAuthenticator('alice', password)];
      const { ret, mbox } = await SP_connect(`${daemon.port}@127.0.0.1`, 'c', 0, true, { auth });
      if (ret === ACCEPT_SESSION) await SP_disconnect(mbox);
      await deserted(daemon);
      return ret;
    };
    expect(await answer('secret')).to.equal(ACCEPT_SESSION);
    await write('users', `alice:${await hashPassword('changed')}`);
    expect(await answer('secret')).to.equal(ACCEPT_SESSION);
    await daemon.reload(options);
    expect(await answer('secret')).to.equal(REJECT_AUTH);
    expect(await answer('changed')).to.equal(ACCEPT_SESSION);
  });

  it('changes permissions for new sessions; those that are there keep theirs', async () => {
    await using daemon = await startDaemon();
    const old = await RawSession.connect(daemon.port, 'old');
    await daemon.reload({ ...base, groupFile: await write('groups', '* send public') });
    const fresh = await RawSession.connect(daemon.port, 'fresh');
    for (const session of [old, fresh]) session.join('g');
    expect(tell(await old.next())).to.equal('join g: #old#dmn1 (#old#dmn1)');
    expect((await fresh.next()).service & REJECT_MESS).to.equal(REJECT_MESS);
    for (const session of [old, fresh]) session.close();
  });

  describe('that fails changes nothing', () => {
    it('when a file is wrong', async () => {
      const groupFile = await write('groups', '* join,send public');
      await using daemon = await startDaemon({ groupFile });
      const { configurationHash } = daemon.status;
      await write('groups', '* join,send *\n* read *');
      const error = await failure(daemon.reload({ ...base, groupFile, limits: { maxSessions: 0 } }));
      expect(error).to.be.instanceOf(AccessFileError);
      expect(error.message).to.match(
        /groups:2: expected join, send, impersonate, or some of them with commas between, got "read"/,
      );
      const session = await RawSession.connect(daemon.port, 'a');
      session.multicast(AGREED_MESS, ['secret'], 'x');
      expect((await session.next()).service & REJECT_MESS).to.equal(REJECT_MESS);
      expect(daemon.status.configurationHash).to.equal(configurationHash);
      session.close();
    });

    it('when a file is missing', async () => {
      await using daemon = await startDaemon();
      const error = await failure(
        daemon.reload({ ...base, allowedAuthMethods: ['PWORD'], passwordFile: folder.file('missing') }),
      );
      expect(error).to.be.instanceOf(AccessFileError);
      expect(await refusal(daemon, 'a')).to.equal('in');
    });

    it('when an option is out of range', async () => {
      await using daemon = await startDaemon();
      const limits = { maxSessions: 0, maxHandshakes: 0 };
      expect(await failure(daemon.reload({ ...base, limits }))).to.be.instanceOf(IllegalParamError);
      expect(await refusal(daemon, 'a')).to.equal('in');
    });
  });

  describe('names what needs a new start', () => {
    it('and takes over the rest', async () => {
      await using daemon = await startDaemon({ tls: tlsOn(), limits: { maxSessions: 0 } });
      const fixed = await daemon.reload({
        name: 'other',
        id: 7,
        listen: [{ host: '127.0.0.1', port: 1 }],
        tls: null,
        unixDir: folder.path,
        monitor: { endpoint: { host: '127.0.0.1', port: 0 } },
      });
      expect(fixed).to.have.members(['name', 'id', 'listen', 'tls', 'unixDir', 'monitor']);
      const session = await RawSession.connect(daemon.port, 'a');
      expect(session.privateGroup).to.equal('#a#dmn1');
      expect([daemon.name, daemon.tlsPort > 0, daemon.unixPath]).to.deep.equal(['dmn1', true, null]);
      session.close();
    });

    it('each time, for it has not changed', async () => {
      await using daemon = await startDaemon();
      for (let i = 0; i < 2; i++) {
        expect(await daemon.reload({ ...base, name: 'other' })).to.deep.equal(['name']);
      }
      expect(await daemon.reload(base)).to.deep.equal([]);
    });

    it('whatever order its fields are in', async () => {
      const tls = tlsOn();
      await using daemon = await startDaemon({ tls });
      const { port, certificateFile, keyFile } = tls;
      expect(await daemon.reload({ ...base, tls: { keyFile, certificateFile, port } })).to.deep.equal([]);
      expect(await daemon.reload({ ...base, listen: [{ port: 0, host: '127.0.0.1' }], tls })).to.deep.equal(
        [],
      );
    });
  });

  it('of one call after another ends with the last, however long each takes', async () => {
    await using daemon = await startDaemon();
    const slow = daemon.reload({ ...base, groupFile: await write('groups', '* join none') });
    const quick = daemon.reload(base);
    await Promise.all([slow, quick]);
    const session = await RawSession.connect(daemon.port, 'a');
    session.join('g');
    expect(tell(await session.next())).to.equal('join g: #a#dmn1 (#a#dmn1)');
    session.close();
  });

  it('shows in the hash of the configuration', async () => {
    await using daemon = await startDaemon();
    const { configurationHash } = daemon.status;
    await daemon.reload(base);
    expect(daemon.status.configurationHash)
      .to.equal(configurationHash)
      .and.match(/^[0-9a-f]{64}$/);
    await daemon.reload({ ...base, limits: { maxSessions: 5 } });
    expect(daemon.status.configurationHash).not.to.equal(configurationHash);
  });
});
