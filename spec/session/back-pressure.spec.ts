import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { STALL_TIME } from '../../daemon/session/limits.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';
import { SessionFixture } from './session-fixture.js';

const BODY = Buffer.alloc(50_000);
const MESSAGES = 400;
const TOTAL = MESSAGES * (BODY.length + 80);

/** Sends twenty megabytes to nobody, more than all the buffers between client and daemon hold. */
function flood(session: RawSession): void {
  for (let i = 0; i < MESSAGES; i++) session.multicast(AGREED_MESS, ['nobody'], BODY);
}

let visitors = 0;

/** New sessions come and go: whatever the daemon would have read of the others in that time, it has read. */
async function someTime(fixture: SessionFixture): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const visitor = await RawSession.connect(fixture.port, `v${++visitors}`);
    visitor.close();
  }
}

describe('session: an engine that is behind', () => {
  it('stops the reading from clients, until its drain', async () => {
    await using fixture = await SessionFixture.open();
    const session = await RawSession.connect(fixture.port, 'alice');
    fixture.order.held = true;
    flood(session);
    await until(() => fixture.order.sent > 0, 'the first payload');
    await someTime(fixture);
    const read = fixture.server.counters.bytesIn;
    await someTime(fixture);
    expect(fixture.server.counters.bytesIn - read, 'only handshakes since').to.be.below(20 * 200);
    expect(read).to.be.below(TOTAL / 4);

    fixture.drain();
    await until(() => fixture.order.sent >= TOTAL, 'everything to be read');
    session.close();
  });

  it('stops the reading from everybody who sends, and from nobody forever', async () => {
    await using fixture = await SessionFixture.open();
    const sessions: RawSession[] = [];
    for (const name of ['a', 'b', 'c']) sessions.push(await RawSession.connect(fixture.port, name));
    fixture.order.held = true;
    for (const session of sessions) flood(session);
    await until(() => fixture.order.sent > 0, 'the first payload');
    await someTime(fixture);
    expect(fixture.server.counters.bytesIn).to.be.below((3 * TOTAL) / 4);
    fixture.drain();
    await until(() => fixture.order.sent >= 3 * TOTAL, 'everything to be read', 10_000);
    for (const session of sessions) session.close();
  });

  it('does not keep anybody from connecting', async () => {
    await using fixture = await SessionFixture.open({ handshakeTimeoutMs: 500 });
    const session = await RawSession.connect(fixture.port, 'alice');
    fixture.order.held = true;
    flood(session);
    await until(() => fixture.order.sent > 0, 'the first payload');
    const late = await RawSession.connect(fixture.port, 'late');
    late.join('g');
    await until(() => fixture.order.waiting.length > 1, 'the join to be read');
    expect(late.waiting).to.equal(0);
    fixture.drain();
    expect((await late.next()).name).to.equal('g');
    for (const each of [session, late]) each.close();
  });

  it('judges nobody by the reading whom it does not read, and does so again when it reads', async () => {
    await using fixture = await SessionFixture.open({ maxSessionMessages: 5 });
    const [member, sender] = [
      await RawSession.connect(fixture.port, 'member'),
      await RawSession.connect(fixture.port, 'sender', false),
    ];
    member.join('g');
    await member.next();
    member.client.socket.pause();
    const waiting = (): number =>
      Math.max(...Array.from(fixture.server.values(), (each) => each.waitingMessages));
    for (let sent = 0; waiting() < 10; sent++) {
      expect(sent, 'messages').to.be.below(1_000);
      const { messagesIn } = fixture.server.counters;
      sender.multicast(AGREED_MESS, ['g'], BODY);
      await until(() => fixture.server.counters.messagesIn > messagesIn, 'the message');
      // Slower than what counts as a flood.
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    fixture.order.held = true;
    sender.multicast(AGREED_MESS, ['g'], 'x');
    const isHeld = (): boolean =>
      Array.from(fixture.server.values()).every(({ heldBy }) => heldBy.includes('engine'));
    await until(isHeld, 'the engine to hold them');
    await new Promise((resolve) => setTimeout(resolve, 1.3 * STALL_TIME));
    expect(fixture.server.counters.ends).to.deep.equal({});
    fixture.drain();
    await until(() => fixture.server.counters.ends['slow-messages'] === 1, 'the end of who does not read');
    for (const session of [member, sender]) session.close();
  });

  it('loses nothing and keeps the order', async () => {
    await using fixture = await SessionFixture.open();
    const session = await RawSession.connect(fixture.port, 'alice');
    session.join('g');
    await session.next();
    fixture.order.held = true;
    for (let i = 0; i < 50; i++) session.multicast(AGREED_MESS, ['g'], String(i));
    await until(() => fixture.order.waiting.length > 0, 'a payload');
    expect(session.waiting).to.equal(0);
    fixture.drain();
    for (let i = 0; i < 50; i++) expect((await session.next()).body.toString()).to.equal(String(i));
    session.close();
  });
});
