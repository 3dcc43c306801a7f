import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { STALL_TIME } from '../../daemon/session/limits.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';
import { Floor } from './session-fixture.js';

const BODY = Buffer.alloc(50_000);
const MESSAGES = 400;
const TOTAL = MESSAGES * (BODY.length + 80);

/** Sends twenty megabytes to nobody, more than all the buffers between client and daemon hold. */
function flood(session: RawSession): void {
  for (let i = 0; i < MESSAGES; i++) session.multicast(AGREED_MESS, ['nobody'], BODY);
}

let visitors = 0;

/** New sessions come and go: whatever the daemon would have read of the others in that time, it has read. */
async function someTime(floor: Floor): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const visitor = await RawSession.connect(floor.port, `v${++visitors}`);
    visitor.close();
  }
}

describe('session: an engine that is behind', () => {
  it('stops the reading from clients, until its drain', async () => {
    await using floor = await Floor.open();
    const session = await RawSession.connect(floor.port, 'alice');
    floor.order.held = true;
    flood(session);
    await until(() => floor.order.sent > 0, 'the first payload');
    await someTime(floor);
    const read = floor.server.counters.bytesIn;
    await someTime(floor);
    expect(floor.server.counters.bytesIn - read, 'only handshakes since').to.be.below(20 * 200);
    expect(read).to.be.below(TOTAL / 4);

    floor.drain();
    await until(() => floor.order.sent >= TOTAL, 'everything to be read');
    session.close();
  });

  it('stops the reading from everybody who sends, and from nobody forever', async () => {
    await using floor = await Floor.open();
    const sessions: RawSession[] = [];
    for (const name of ['a', 'b', 'c']) sessions.push(await RawSession.connect(floor.port, name));
    floor.order.held = true;
    for (const session of sessions) flood(session);
    await until(() => floor.order.sent > 0, 'the first payload');
    await someTime(floor);
    expect(floor.server.counters.bytesIn).to.be.below((3 * TOTAL) / 4);
    floor.drain();
    await until(() => floor.order.sent >= 3 * TOTAL, 'everything to be read', 10_000);
    for (const session of sessions) session.close();
  });

  it('does not keep anybody from connecting', async () => {
    await using floor = await Floor.open({ handshakeTimeoutMs: 500 });
    const session = await RawSession.connect(floor.port, 'alice');
    floor.order.held = true;
    flood(session);
    await until(() => floor.order.sent > 0, 'the first payload');
    const late = await RawSession.connect(floor.port, 'late');
    late.join('g');
    await until(() => floor.order.waiting.length > 1, 'the join to be read');
    expect(late.waiting).to.equal(0);
    floor.drain();
    expect((await late.next()).name).to.equal('g');
    for (const each of [session, late]) each.close();
  });

  it('judges nobody by the reading whom it does not read, and does so again when it reads', async () => {
    await using floor = await Floor.open({ maxSessionMessages: 5 });
    const [member, sender] = [
      await RawSession.connect(floor.port, 'member'),
      await RawSession.connect(floor.port, 'sender', false),
    ];
    member.join('g');
    await member.next();
    member.client.socket.pause();
    const waiting = (): number =>
      Math.max(...Array.from(floor.server.values(), (each) => each.waitingMessages));
    for (let sent = 0; waiting() < 10; sent++) {
      expect(sent, 'messages').to.be.below(1_000);
      const { messagesIn } = floor.server.counters;
      sender.multicast(AGREED_MESS, ['g'], BODY);
      await until(() => floor.server.counters.messagesIn > messagesIn, 'the message');
      // Slower than what counts as a flood.
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    floor.order.held = true;
    sender.multicast(AGREED_MESS, ['g'], 'x');
    const isHeld = (): boolean =>
      Array.from(floor.server.values()).every(({ heldBy }) => heldBy.includes('engine'));
    await until(isHeld, 'the engine to hold them');
    await new Promise((resolve) => setTimeout(resolve, 1.3 * STALL_TIME));
    expect(floor.server.counters.ends).to.deep.equal({});
    floor.drain();
    await until(() => floor.server.counters.ends['slow-messages'] === 1, 'the end of who does not read');
    for (const session of [member, sender]) session.close();
  });

  it('loses nothing and keeps the order', async () => {
    await using floor = await Floor.open();
    const session = await RawSession.connect(floor.port, 'alice');
    session.join('g');
    await session.next();
    floor.order.held = true;
    for (let i = 0; i < 50; i++) session.multicast(AGREED_MESS, ['g'], String(i));
    await until(() => floor.order.waiting.length > 0, 'a payload');
    expect(session.waiting).to.equal(0);
    floor.drain();
    for (let i = 0; i < 50; i++) expect((await session.next()).body.toString()).to.equal(String(i));
    session.close();
  });
});
