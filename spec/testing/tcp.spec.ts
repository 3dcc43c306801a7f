/** Clusters with TCP: programs in processes of their own are clients, and what happens to their daemon happens to them. */
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { expect } from 'chai';
import { cluster } from '../../daemon/testing/index.js';
import { ConnectionClosedError, CouldNotConnectError } from '../../lib/errors.js';
import { connect } from '../../lib/index.js';
import { Program } from '../support/program.js';

describe('testing: tcp', () => {
  afterEach(() => Program.endAll());

  it('serves connections beside those in memory, with large messages and their order', async () => {
    await using c = await cluster(2, { tcp: true });
    await using far = await connect({ address: c.address(0), name: 'far' });
    const near = await c.connect(1, { name: 'near' });
    const [there, here] = [await far.join('room'), await near.join('room')];
    const got: number[] = [];
    here.on('data', ({ body }) => void got.push(body.length));
    there.on('event', () => undefined);
    const sizes = Array.from({ length: 60 }, (_, i) => 1 + ((i * 7919) % 100_000));
    for (const size of sizes) await far.send('room', Buffer.alloc(size));
    await c.until(() => got.length === sizes.length, 'all of them');
    expect(got).to.deep.equal(sizes);
    expect(there.members).to.deep.equal(['#far#d1', '#near#d2']);
    expect(c.daemons[0]?.status.sessions()[0]?.from).to.match(/^127\.0\.0\.1:\d+$/);
    expect(c.daemons[0]?.status.addresses).to.deep.equal([
      { host: '127.0.0.1', port: Number(c.address(0).split('@')[0]) },
    ]);
  });

  it('loses them with their daemon, which has the same address in its next life', async () => {
    await using c = await cluster(2, { tcp: true });
    const far = await connect({ address: c.address(0) });
    const lost = new Promise<Error | undefined>((resolve) => void far.on('close', resolve));
    await c.kill(0);
    expect(await lost).to.be.instanceOf(ConnectionClosedError);
    const refused = await connect({ address: c.address(0) }).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(CouldNotConnectError);
    await c.start(0);
    await using again = await connect({ address: c.address(0) });
    expect(again.open).to.equal(true);
    await c.stop(0);
    await c.until(() => !again.open, 'the end of the stream');
  });

  it('leaves those of a frozen daemon without an answer until it thaws', async () => {
    await using c = await cluster(2, { tcp: true });
    await c.freeze(0);
    let isThere = false;
    const opening = connect({ address: c.address(0) }).then((connection) => {
      isThere = true;
      return connection;
    });
    await c.clock.sleep(30);
    expect(isThere).to.equal(false);
    await c.thaw(0);
    await (await opening).close();
  });

  it('stops reading from a program when the daemon does', async () => {
    await using c = await cluster(1, { tcp: true });
    await c.freeze(0);
    const socket = connectSocket(Number(c.address(0).split('@')[0]), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const chunk = Buffer.alloc(1 << 20);
    let written = 0;
    while (written < 64 && socket.write(chunk)) written++;
    for (; written < 64; written++) socket.write(chunk);
    await c.clock.sleep(50);
    expect(socket.writableLength).to.be.above(16 << 20);
    socket.destroy();
  });

  it('serves programs in processes of their own', async () => {
    await using c = await cluster(1, { tcp: true });
    const program = Program.start('docs/examples/room.js', ['anna', c.address(0)]);
    await program.prints(/hello/);
    expect(c.daemons[0]?.groups()).to.deep.equal([{ name: 'room', members: ['#anna#d1'] }]);
  });

  it('opens the monitor of a daemon', async () => {
    const monitor = { endpoint: { host: '127.0.0.1', port: 0 } };
    await using c = await cluster(1, { daemon: { monitor } });
    const port = c.daemons[0]?.monitorPort;
    const { ok } = await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { connection: 'close' } });
    expect(ok).to.equal(true);
    await c.kill(0);
    expect(c.daemons[0]?.monitorPort).to.equal(0);
    expect(await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => 'gone')).to.equal('gone');
  });
});
