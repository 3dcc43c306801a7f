import { getEventListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { expect } from 'chai';
import { connect, CouldNotConnectError } from '../../lib/index.js';
import { until } from '../support/wait.js';
import { ClientWorld, failure, withSilence } from './support.js';

describe('connect', () => {
  it('resolves with an open connection that knows its name and id', async () => {
    await using world = await ClientWorld.start();
    const connection = await connect({ address: world.address, name: 'worker' });
    expect([connection.name, connection.id, connection.open]).to.deep.equal(['worker', '#worker#d1', true]);
    await connection.close();
    expect(connection.open).to.equal(false);
  });

  it('lets the daemon make up a name', async () => {
    await using world = await ClientWorld.start();
    await using first = await connect({ address: world.address });
    await using second = await connect({ address: world.address, name: '' });
    expect(first.id)
      .to.match(/^#[$-~]{1,10}#d1$/)
      .and.to.equal(`#${first.name}#d1`);
    expect(second.id).to.not.equal(first.id);
  });

  it('takes undefined for every option as left out', async () => {
    await using world = await ClientWorld.start();
    const options = { address: world.address, name: undefined, timeoutMs: undefined, signal: undefined };
    await using connection = await connect(options);
    expect(connection.open).to.equal(true);
  });

  it('reaches a daemon by its local socket', async () => {
    const unixDir = await mkdtemp('/tmp/ssp-group-');
    try {
      await using world = await ClientWorld.start({ unixDir });
      const error = await failure(connect({ address: String(world.daemon.port) }));
      expect(error, 'the directory is /tmp').to.be.instanceOf(CouldNotConnectError);
    } finally {
      await rm(unixDir, { recursive: true });
    }
    await using world = await ClientWorld.start({ unixDir: '/tmp' });
    await using connection = await connect({ address: String(world.daemon.port) });
    expect(connection.open).to.equal(true);
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
      await using world = await ClientWorld.start();
      const stop = new AbortController();
      const attempt = connect({ address: world.address, name: 'a', signal: stop.signal });
      await until(() => world.daemon.counters.sessions === 1, 'the session');
      stop.abort();
      expect((await failure(attempt)).name).to.equal('AbortError');
      await until(() => world.daemon.sessions === 0, 'the end of the session');
    });

    it('leaves no session when it comes right behind the acceptance', async () => {
      await using world = await ClientWorld.start();
      const stop = new AbortController();
      const { signal } = stop;
      // Taking its listener off is the last thing that the handshake does.
      signal.removeEventListener = (...listener: Parameters<AbortSignal['removeEventListener']>) => {
        AbortSignal.prototype.removeEventListener.apply(signal, listener);
        stop.abort();
      };
      expect((await failure(connect({ address: world.address, signal }))).name).to.equal('AbortError');
      expect(world.daemon.counters.sessions).to.equal(1);
      await until(() => world.daemon.sessions === 0, 'the end of the session');
    });

    it('does nothing to a connection that is there', async () => {
      await using world = await ClientWorld.start();
      const stop = new AbortController();
      await using connection = await connect({ address: world.address, signal: stop.signal });
      expect(getEventListeners(stop.signal, 'abort')).to.have.length(0);
      stop.abort();
      expect((await connection.join('room')).members).to.deep.equal([connection.id]);
    });
  });
});
