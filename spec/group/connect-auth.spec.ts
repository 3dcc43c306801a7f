import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hashPassword } from '../../daemon/access/passwords.js';
import { createDaemon, type Daemon, type DaemonOptions } from '../../daemon/index.js';
import { AuthError, connect, CouldNotConnectError } from '../../lib/index.js';
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
      limits: { authFailureDelay: 0 },
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
    expect(daemon.sight.sessions()[0]?.principal).to.equal('alice');
  });

  it('is an AuthError with a wrong one, and without any', async () => {
    await using daemon = await start();
    const address = `${daemon.port}@127.0.0.1`;
    const wrong = connect({ address, auth: { user: 'alice', password: 'wrong' } });
    expect(await failure(wrong)).to.be.instanceOf(AuthError);
    expect(await failure(connect({ address }))).to.be.instanceOf(AuthError);
  });

  it('goes through TLS to a daemon whose certificate is known', async () => {
    await using daemon = await start({ tls: tlsOn() });
    const address = `tls://localhost:${daemon.tlsPort}`;
    const auth = { user: 'alice', password: 'secret' };
    await using connection = await connect({ address, auth, tls: { ca } });
    await using group = await connection.join('room');
    expect(group.members).to.deep.equal([connection.privateName]);
    expect(daemon.sight.sessions()[0]?.tls).to.equal(true);
    expect(await failure(connect({ address, auth }))).to.be.instanceOf(CouldNotConnectError);
  });
});
