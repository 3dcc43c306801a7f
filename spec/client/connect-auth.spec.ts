import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hashPassword } from '../../daemon/access/passwords.js';
import { createDaemon, type Daemon, type DaemonOptions } from '../../daemon/index.js';
import { AuthError, connect, CouldNotConnectError, IllegalParamError } from '../../lib/index.js';
import { ca, tlsOn } from '../support/tls-files.js';

const LISTEN = [{ host: '127.0.0.1', port: 0 }];

describe('connect with a password', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ssp-auth-'));
    await writeFile(join(folder, 'passwords'), `alice:${await hashPassword('secret')}\n`);
  });
  after(() => rm(folder, { recursive: true }));

  const start = (options: DaemonOptions = {}): Promise<Daemon> =>
    createDaemon({
      listen: LISTEN,
      allowedAuthMethods: ['PWORD'],
      passwordFile: join(folder, 'passwords'),
      limits: { authFailureDelayMs: 0 },
      ...options,
    });
  const failure = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => null,
      (error: unknown) => error,
    );

  it('gets in with the right one', async () => {
    await using daemon = await start();
    const address = `${daemon.port}@127.0.0.1`;
    await using connection = await connect({ address, auth: { user: 'alice', password: 'secret' } });
    expect(connection.open).to.equal(true);
    expect(daemon.status.sessions()[0]?.principal).to.equal('alice');
  });

  it('is an AuthError with a wrong one, and without any', async () => {
    await using daemon = await start();
    const address = `${daemon.port}@127.0.0.1`;
    const wrong = connect({ address, auth: { user: 'alice', password: 'wrong' } });
    expect(await failure(wrong)).to.be.instanceOf(AuthError);
    expect(await failure(connect({ address }))).to.be.instanceOf(AuthError);
  });

  it('is refused with a sentence when it is empty, or would be another one on the wire', async () => {
    for (const [password, sentence] of [
      ['', 'a password must not be empty'],
      ['\u0100', 'a password can only have characters up to U+00FF (Latin-1): each is one byte on the wire'],
      ['\0x', 'a password must not have a NUL: it ends the password on the wire'],
    ] as const) {
      const error = await failure(connect({ address: '1@127.0.0.1', auth: { user: 'alice', password } }));
      expect(error).to.be.instanceOf(IllegalParamError);
      expect((error as Error).message).to.include(sentence);
    }
  });

  it('goes through TLS to a daemon whose certificate is known', async () => {
    await using daemon = await start({ tls: tlsOn() });
    const address = `tls://localhost:${daemon.tlsPort}`;
    const auth = { user: 'alice', password: 'secret' };
    await using connection = await connect({ address, auth, tls: { ca } });
    await using group = await connection.join('room');
    expect(group.members).to.deep.equal([connection.id]);
    expect(daemon.status.sessions()[0]?.tls).to.equal(true);
    expect(await failure(connect({ address, auth }))).to.be.instanceOf(CouldNotConnectError);
  });
});
