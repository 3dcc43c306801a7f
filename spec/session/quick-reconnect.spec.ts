/** A client that comes back under its name before the end of its last session is ordered [daemon 3.1]. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { REJECT_NOT_UNIQUE } from '../../lib/wire/codes.js';
import { readCode } from '../../lib/wire/handshake/accept.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import type { SessionLimits } from '../../daemon/session/limits.js';
import { startDaemon } from '../support/local-daemon.js';
import { connectRequest, RawClient, RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';
import { FakeSocket } from '../simulation/fake-socket.js';
import { Loop } from '../../daemon/testing/time/loop.js';
import { Process } from '../../daemon/testing/time/process.js';
import { SessionFixture } from './session-fixture.js';

/** Alice comes and asks to be disconnected, and that is not ordered. */
async function comeAndGo(fixture: SessionFixture): Promise<RawSession> {
  const alice = await RawSession.connect(fixture.port, 'alice');
  fixture.order.held = true;
  alice.disconnect();
  await until(() => fixture.order.waiting.length === 1, 'the disconnect to be read');
  return alice;
}

/** A fixture on which she has done so. */
async function withoutOrder(limits: Partial<SessionLimits> = {}): Promise<SessionFixture> {
  const fixture = await SessionFixture.open(limits);
  await comeAndGo(fixture);
  return fixture;
}

/** Sends a connect request, which the daemon has read when this returns. */
async function asking(fixture: SessionFixture, name: string): Promise<RawClient> {
  const { counters } = fixture.server;
  const before = counters.bytesIn;
  const client = await RawClient.open(fixture.port);
  client.send(connectRequest(name));
  await until(() => counters.bytesIn > before, 'the request to be read');
  return client;
}

describe('session: quick reconnects', () => {
  it('wait until the disconnect is ordered, which frees the name', async () => {
    await using fixture = await SessionFixture.open();
    const first = await comeAndGo(fixture);
    const again = RawSession.connect(fixture.port, 'alice');
    await until(() => fixture.server.handshakes === 1, 'the second connection');
    const bystander = await RawSession.connect(fixture.port, 'bob');
    expect([fixture.server.handshakes, first.client.closed]).to.deep.equal([1, false]);

    fixture.drain();
    const second = await again;
    expect(second.privateGroup).to.equal('#alice#dmn1');
    expect(fixture.server.counters.rejections).to.deep.equal({});
    await first.client.end();
    for (const session of [second, bystander]) session.close();
  });

  it('wait for a session that broke, was dropped or closed as for one that said goodbye', async () => {
    await using fixture = await SessionFixture.open();
    for (const end of ['close', 'reset', 'drop'] as const) {
      const first = await RawSession.connect(fixture.port, 'alice');
      fixture.order.held = true;
      if (end === 'drop') for (const session of fixture.server.values()) session.drop('slow-bytes');
      else first.client[end]();
      await until(() => fixture.server.size === 0, 'the daemon to see the end');
      const again = RawSession.connect(fixture.port, 'alice');
      await until(() => fixture.server.handshakes === 1, 'the second connection');
      fixture.drain();
      (await again).disconnect();
      await until(() => fixture.server.size === 0, 'the second session to end');
    }
    expect(fixture.server.counters.rejections).to.deep.equal({});
  });

  it('say everything at once and lose nothing of it', async () => {
    await using fixture = await withoutOrder();
    const client = await asking(fixture, 'alice');
    client.send(encodeMethodChoice(['NULL']));
    fixture.drain();
    expect((await client.take(22)).toString('latin1')).to.include('#alice#dmn1');
    client.close();
  });

  it('are refused when the time for the handshake is over before', async () => {
    await using fixture = await withoutOrder({ handshakeTimeoutMs: 100 });
    const refused = await asking(fixture, 'alice');
    await refused.end();
    expect([...refused.received].map(readCode)).to.deep.equal([REJECT_NOT_UNIQUE]);
    expect(fixture.server.counters.rejections).to.deep.equal({ REJECT_NOT_UNIQUE: 1 });
    fixture.drain();
    const free = await RawSession.connect(fixture.port, 'alice');
    free.close();
  });

  it('are served in their order: one gets the name, the others are refused', async () => {
    await using fixture = await withoutOrder();
    const clients: RawClient[] = [];
    for (let i = 0; i < 3; i++) clients.push(await asking(fixture, 'alice'));
    fixture.drain();
    await Promise.all(clients.slice(1).map((client) => client.end()));
    const codes = clients.slice(1).map(({ received }) => readCode(received[0] as number));
    expect(codes).to.deep.equal([REJECT_NOT_UNIQUE, REJECT_NOT_UNIQUE]);
    expect((await (clients[0] as RawClient).take(6)).toString('latin1')).to.equal('\x05NULL ');
    for (const client of clients) client.close();
  });

  it('leave the name to others when they give up', async () => {
    await using fixture = await withoutOrder();
    const impatient = await asking(fixture, 'alice');
    const other = await asking(fixture, 'alice');
    impatient.close();
    await until(() => fixture.server.handshakes === 1, 'the daemon to see it');
    fixture.drain();
    expect((await other.take(6)).toString('latin1')).to.equal('\x05NULL ');
    other.close();
  });

  it('are read no further than a first word while they wait', async () => {
    await using fixture = await withoutOrder();
    const client = await asking(fixture, 'alice');
    const { counters } = fixture.server;
    const before = counters.bytesIn;
    client.send(encodeMethodChoice(['NULL']));
    await until(() => counters.bytesIn > before, 'the choice to be read');
    client.send(Buffer.alloc(1_000_000));
    const bystander = await RawSession.connect(fixture.port, 'bob');
    expect(counters.bytesIn).to.be.below(before + 10_000);
    for (const each of [client, bystander]) each.close();
  });

  it('take the name once, also with a word that comes in the turn in which it becomes free', async () => {
    await using fixture = await withoutOrder();
    const far = { readable: () => undefined, ended: () => undefined };
    const loop = new Loop();
    const socket = new FakeSocket(new Process(loop), 10_000, far);
    fixture.server.accept(socket.socket);
    socket.arrive(connectRequest('alice'));
    expect([fixture.server.handshakes, socket.readableBytes]).to.deep.equal([1, 0]);
    const choice = encodeMethodChoice(['NULL']);
    fixture.drain();
    socket.arrive(choice.subarray(0, 40));
    const bystander = await RawSession.connect(fixture.port, 'bob');
    expect([fixture.server.handshakes, socket.readableBytes]).to.deep.equal([1, 6]);
    socket.arrive(choice.subarray(40));
    expect([fixture.server.handshakes, fixture.server.counters.sessions]).to.deep.equal([0, 3]);
    bystander.close();
    // It is read to its end.
    socket.arrive('end');
    loop.runTo(1);
  });

  it('are nothing that a stopping daemon waits for', async () => {
    const fixture = await withoutOrder();
    const client = await asking(fixture, 'alice');
    await fixture[Symbol.asyncDispose]();
    await client.end();
    expect(client.received.length).to.equal(0);
  });

  it('never take the name from a session that lives', async () => {
    await using daemon = await startDaemon();
    const alice = await RawSession.connect(daemon.port, 'alice');
    const refused = await RawClient.open(daemon.port);
    refused.send(connectRequest('alice'));
    await refused.end();
    expect([...refused.received].map(readCode)).to.deep.equal([REJECT_NOT_UNIQUE]);
    alice.close();
  });

  it('succeed 100 times of 100, whatever way the last session ended', async () => {
    await using daemon = await startDaemon();
    for (let i = 0; i < 100; i++) {
      const session = await RawSession.connect(daemon.port, 'alice');
      if (i % 2 === 0) session.disconnect();
      else session.client.reset();
    }
    expect([daemon.counters.sessions, daemon.counters.rejections]).to.deep.equal([100, {}]);
  });
});
