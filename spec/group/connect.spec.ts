import { Buffer } from 'node:buffer';
import { getEventListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { expect } from 'chai';
import {
  AuthError,
  connect,
  type ConnectOptions,
  ConnectionClosedError,
  CouldNotConnectError,
  IllegalAddressError,
  IllegalNameError,
  IllegalParamError,
  NoNameError,
  NotUniqueError,
  QuotaError,
  RejectedError,
  SspError,
  VersionError,
} from '../../lib/index.js';
import { FakeDaemon } from '../support/fake-daemon.js';
import { until } from '../support/wait.js';
import { failure, World } from './support.js';

/** A silent daemon and a connection attempt that it has noticed. */
async function withSilence(work: (address: string, daemon: FakeDaemon) => Promise<void>): Promise<void> {
  const daemon = await FakeDaemon.start({ silent: true });
  try {
    await work(daemon.spreadName, daemon);
  } finally {
    await daemon.stop();
  }
}

describe('connect', () => {
  it('resolves with an open connection that knows its private name', async () => {
    await using world = await World.start();
    const connection = await connect({ address: world.address, name: 'worker' });
    expect([connection.privateName, connection.open]).to.deep.equal(['#worker#d1', true]);
    await connection.close();
    expect(connection.open).to.equal(false);
  });

  it('lets the daemon make up a name', async () => {
    await using world = await World.start();
    await using first = await connect({ address: world.address });
    await using second = await connect({ address: world.address, name: '' });
    expect(first.privateName).to.match(/^#[$-~]{1,10}#d1$/);
    expect(second.privateName).to.not.equal(first.privateName);
  });

  it('takes undefined for every option as left out', async () => {
    await using world = await World.start();
    const options = { address: world.address, name: undefined, timeout: undefined, signal: undefined };
    await using connection = await connect(options);
    expect(connection.open).to.equal(true);
  });

  it('goes to the local socket of port 4803 without an address', async () => {
    const error = await failure(connect().then((connection) => connection.close()));
    expect(error).to.be.instanceOf(CouldNotConnectError);
    expect(error.message).to.contain('4803');
  });

  it('reaches a daemon by its local socket', async () => {
    const unixDir = await mkdtemp('/tmp/ssp-group-');
    try {
      await using world = await World.start({ unixDir });
      const error = await failure(connect({ address: String(world.daemon.port) }));
      expect(error, 'the directory is /tmp').to.be.instanceOf(CouldNotConnectError);
    } finally {
      await rm(unixDir, { recursive: true });
    }
    await using world = await World.start({ unixDir: '/tmp' });
    await using connection = await connect({ address: String(world.daemon.port) });
    expect(connection.open).to.equal(true);
  });

  describe('throws', () => {
    const options: readonly (readonly [what: string, options: unknown, says: string])[] = [
      ['an address that is no text', { address: 4803 }, 'address'],
      ['a name that is no text', { name: 7 }, 'name'],
      ['a negative timeout', { timeout: -1 }, 'timeout'],
      ['a timeout that is no number', { timeout: Number.NaN }, 'timeout'],
      ['a signal that is none', { signal: {} }, 'signal'],
      ['an option that is unknown', { adress: '4803@localhost' }, 'adress'],
      ['options that are none', '4803@localhost', 'object'],
      ['null', null, 'object'],
    ];
    for (const [what, value, says] of options) {
      it(`IllegalParamError for ${what}`, async () => {
        const error = await failure(connect(value as ConnectOptions));
        expect(error).to.be.instanceOf(IllegalParamError);
        expect(error.code).to.equal(-24);
        expect(error.message).to.contain(says);
      });
    }

    for (const name of ['elevenchars', 'a b', 'a#b', 'é']) {
      it(`IllegalNameError for the name "${name}", without asking the daemon`, async () => {
        const error = await failure(connect({ address: '1@127.0.0.1', name }));
        expect(error).to.be.instanceOf(IllegalNameError).and.instanceOf(RejectedError);
        expect(error.code).to.equal(-5);
      });
    }

    for (const address of ['nonsense', '70000@127.0.0.1', '4803@', '@host']) {
      it(`IllegalAddressError for "${address}"`, async () => {
        const error = await failure(connect({ address }));
        expect(error).to.be.instanceOf(IllegalAddressError);
        expect([error.code, error.message.includes(address)]).to.deep.equal([-1, true]);
      });
    }

    it('CouldNotConnectError when nobody listens', async () => {
      const daemon = await FakeDaemon.start();
      const address = daemon.spreadName;
      await daemon.stop();
      const error = await failure(connect({ address }));
      expect(error).to.be.instanceOf(CouldNotConnectError);
      expect(error.message).to.contain(address).and.contain('COULD_NOT_CONNECT');
    });

    it('NotUniqueError for a name that is in use', async () => {
      await using world = await World.start();
      await world.connect('a');
      const error = await failure(world.connect('a'));
      expect(error).to.be.instanceOf(NotUniqueError).and.instanceOf(RejectedError).and.instanceOf(SspError);
      expect([error.code, error.name]).to.deep.equal([-6, 'NotUniqueError']);
    });

    it('QuotaError when the daemon is full', async () => {
      const limits = {
        maxSessions: 1,
        handshakeTimeout: 5_000,
        maxSessionMessages: 100,
        maxSessionBytes: 100_000,
      };
      await using world = await World.start({ limits });
      await world.connect('a');
      expect(await failure(world.connect('b'))).to.be.instanceOf(QuotaError);
    });

    it('AuthError when the daemon offers no method that fits', async () => {
      await using world = await World.start({ allowedAuthMethods: [] });
      expect(await failure(world.connect('a'))).to.be.instanceOf(AuthError);
    });

    const refusals = [
      [-3, QuotaError],
      [-4, NoNameError],
      [-5, IllegalNameError],
      [-6, NotUniqueError],
      [-7, VersionError],
      [-9, AuthError],
    ] as const;
    for (const [code, Class] of refusals) {
      it(`${Class.name} when the daemon answers ${code}`, async () => {
        const daemon = await FakeDaemon.start({ list: Buffer.from([256 + code]) });
        try {
          const error = await failure(connect({ address: daemon.spreadName, name: 'a' }));
          expect(error).to.be.instanceOf(Class).and.instanceOf(RejectedError);
          expect(error.code).to.equal(code);
        } finally {
          await daemon.stop();
        }
      });
    }

    it('ConnectionClosedError when the handshake breaks off', async () => {
      await withSilence(async (address, daemon) => {
        const attempt = connect({ address });
        (await daemon.session()).end();
        const error = await failure(attempt);
        expect(error).to.be.instanceOf(ConnectionClosedError);
        expect(error.message).to.contain(address).and.not.contain('within');
      });
    });

    it('ConnectionClosedError that tells the limit when the time is up', async () => {
      await withSilence(async (address) => {
        const error = await failure(connect({ address, timeout: 30 }));
        expect(error).to.be.instanceOf(ConnectionClosedError);
        expect(error.message).to.contain(`${address} did not accept within 30 ms`);
      });
    });
  });

  describe('with a signal', () => {
    it('throws its reason when it came before, without trying', async () => {
      const reason = new Error('too late');
      const error = await failure(connect({ address: 'nonsense@', signal: AbortSignal.abort(reason) }));
      expect(error).to.equal(reason);
    });

    it('throws its reason and gives up when it comes in the handshake', async () => {
      await withSilence(async (address, daemon) => {
        const stop = new AbortController();
        const attempt = connect({ address, signal: stop.signal });
        const session = await daemon.session();
        stop.abort();
        expect((await failure(attempt)).name).to.equal('AbortError');
        await session.over();
        expect(getEventListeners(stop.signal, 'abort')).to.have.length(0);
      });
    });

    it('throws a TimeoutError for AbortSignal.timeout', async () => {
      await withSilence(async (address) => {
        const error = await failure(connect({ address, signal: AbortSignal.timeout(20) }));
        expect(error.name).to.equal('TimeoutError');
      });
    });

    it('leaves no session when it comes as the daemon accepts', async () => {
      await using world = await World.start();
      const stop = new AbortController();
      const attempt = connect({ address: world.address, name: 'a', signal: stop.signal });
      // The daemon counts a session in the turn in which it sends the acceptance.
      await until(() => world.daemon.counters.sessions === 1, 'the session');
      stop.abort();
      expect((await failure(attempt)).name).to.equal('AbortError');
      await until(() => world.daemon.sessions === 0, 'the end of the session');
    });

    it('does nothing to a connection that is there', async () => {
      await using world = await World.start();
      const stop = new AbortController();
      await using connection = await connect({ address: world.address, signal: stop.signal });
      stop.abort();
      expect(getEventListeners(stop.signal, 'abort')).to.have.length(0);
      expect((await connection.join('room')).members).to.deep.equal([connection.privateName]);
    });
  });
});
