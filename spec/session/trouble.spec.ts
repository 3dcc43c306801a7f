/** Clients as bad as they come: after each of them nothing is left and the others were not disturbed. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { FairQueue } from '../../daemon/core/fair-queue.js';
import { createDaemon } from '../../daemon/index.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS } from '../../lib/wire/service.js';
import { startDaemon } from '../support/local-daemon.js';
import { connectRequest, RawClient, RawSession } from '../support/raw-client.js';
import { tell } from '../support/describe-frame.js';
import { until } from '../support/wait.js';
import { SessionFixture } from './session-fixture.js';

const handshake = (name: string): Buffer =>
  Buffer.concat([connectRequest(name), encodeMethodChoice(['NULL'])]);

/** Entries of all tables of a part, and how many there are. */
function remembered(part: object, tables: number): number {
  const found = Object.values(part).filter((table) =>
    [Map, Set, FairQueue].some((kind) => table instanceof kind),
  );
  expect(found.length).to.equal(tables);
  return found.reduce((sum, { size }) => sum + size, 0);
}

/** What is remembered of sessions: by the brake, by the handshakes, by address, and of changes of groups. */
function leftOver({ server, core }: SessionFixture): number[] {
  const { brake, handshaking, quota } = server as unknown as Record<string, object>;
  const { admission, turns } = core as unknown as Record<string, { size: number }>;
  return [
    remembered(brake as object, 5),
    remembered(handshaking as object, 4),
    remembered(quota as object, 2),
    remembered(admission as object, 2),
    remembered(turns as object, 2),
  ];
}

/** Nothing is left of anybody: no connection, no session, no name, no group. */
async function isClean(fixture: SessionFixture, ...names: readonly string[]): Promise<void> {
  await until(() => fixture.server.size === 0, `${fixture.server.size} connections to go`);
  await until(() => fixture.core.roster.size === 0, `${fixture.core.roster.size} sessions to go`);
  expect(fixture.core.groups.size, 'groups').to.equal(0);
  expect([fixture.server.handshakes, fixture.server.waitingBytes], 'handshakes and bytes').to.deep.equal([
    0, 0,
  ]);
  expect(leftOver(fixture), 'sessions that are remembered').to.deep.equal([0, 0, 0, 0, 0]);
  for (const name of names) {
    expect(fixture.core.roster.reserve(name), `the name ${name}`).to.equal(`#${name}#dmn1`);
    fixture.core.roster.release(`#${name}#dmn1`);
  }
}

describe('session: trouble', () => {
  it('any garbage instead of a handshake ends that connection', async () => {
    await using fixture = await SessionFixture.open({ handshakeTimeoutMs: 50 });
    const property = fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (garbage) => {
      const client = await RawClient.open(fixture.port);
      client.send(Buffer.from(garbage));
      await client.end();
    });
    await fc.assert(property, { numRuns: 60 });
    await isClean(fixture);
  });

  it('any garbage behind a handshake ends that session or waits for the rest of its frame', async () => {
    await using fixture = await SessionFixture.open();
    const alice = await RawSession.connect(fixture.port, 'alice');
    const frames = fc.oneof(
      fc.uint8Array({ minLength: 48, maxLength: 400 }),
      // Headers that are nearly right.
      fc.tuple(fc.nat({ max: 47 }), fc.nat({ max: 255 })).map(([at, value]) => {
        const frame = encodeMessage(AGREED_MESS, '#bob#dmn1', ['g'], 0, [Buffer.alloc(20)]);
        frame[at] = value;
        return frame;
      }),
    );
    const property = fc.asyncProperty(frames, async (garbage) => {
      const bob = await RawClient.open(fixture.port);
      bob.send(Buffer.concat([handshake('bob'), garbage]));
      bob.socket.end();
      await bob.end();
      await until(() => fixture.core.roster.size === 1, 'bob to go');
    });
    await fc.assert(property, { numRuns: 150 });
    alice.multicast(AGREED_MESS, [alice.privateGroup], 'alive');
    expect((await alice.next()).body.toString()).to.equal('alive');
    alice.close();
    await isClean(fixture, 'bob');
  });

  it('a client may close at any byte of its handshake', async () => {
    await using fixture = await SessionFixture.open();
    const bytes = handshake('bob');
    for (let length = 0; length <= bytes.length; length += 3) {
      const client = await RawClient.open(fixture.port);
      client.send(bytes.subarray(0, length));
      client.socket.end();
      await client.end();
    }
    await isClean(fixture, 'bob');
    expect(fixture.server.counters.connections).to.equal(Math.floor(bytes.length / 3) + 1);
  });

  it('a client may reset its connection at any byte of its handshake', async () => {
    await using fixture = await SessionFixture.open();
    const bytes = handshake('bob');
    for (let length = 0; length <= bytes.length; length += 7) {
      const client = await RawClient.open(fixture.port);
      const read = fixture.server.counters.bytesIn;
      client.send(bytes.subarray(0, length));
      await until(() => fixture.server.counters.bytesIn >= read + length, 'the bytes to be read');
      client.reset();
      await isClean(fixture, 'bob');
    }
  });

  it('a client may die at any byte of a frame', async () => {
    await using fixture = await SessionFixture.open();
    const frame = encodeMessage(AGREED_MESS, '#bob#dmn1', ['g', 'h'], 0, [Buffer.alloc(30)]);
    const join = encodeRequest(JOIN_MESS, '#bob#dmn1', ['g']);
    for (let length = 0; length < frame.length; length += 5) {
      const client = await RawClient.open(fixture.port);
      const bytes = Buffer.concat([handshake('bob'), join, frame.subarray(0, length)]);
      const read = fixture.server.counters.bytesIn;
      client.send(bytes);
      await until(() => fixture.server.counters.bytesIn >= read + bytes.length, 'the bytes to be read');
      if (length % 2 === 0) client.reset();
      else client.close();
      await isClean(fixture, 'bob');
    }
  });

  it('a thousand quick connections leave nothing behind', async () => {
    await using fixture = await SessionFixture.open();
    const visit = async (i: number): Promise<void> => {
      const client = await RawClient.open(fixture.port);
      const name = `n${i}`;
      const own = `#${name}#dmn1`;
      const said = [
        Buffer.alloc(0),
        connectRequest(name),
        handshake(name),
        Buffer.concat([handshake(name), encodeRequest(JOIN_MESS, own, ['g'])]),
        Buffer.concat([
          handshake(name),
          encodeRequest(JOIN_MESS, own, [name]),
          encodeRequest(KILL_MESS, own, []),
        ]),
      ][i % 5] as Buffer;
      client.send(said);
      if (i % 5 === 4) await client.end();
      else if (i % 3 === 0) client.socket.end();
      else client.close();
    };
    for (let i = 0; i < 1000; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => visit(i + j)));
    await isClean(fixture, ...Array.from({ length: 1000 }, (_, i) => `n${i}`));
    expect(fixture.server.counters.connections).to.equal(1000);
  });

  it('as many sessions come and go under one name as like', async () => {
    await using fixture = await SessionFixture.open();
    for (let i = 0; i < 200; i++) {
      const session = await RawSession.connect(fixture.port, 'same');
      session.join('g');
      session.disconnect();
      await session.client.end();
    }
    await isClean(fixture, 'same');
  });

  it('a client that never reads and then closes leaves nothing behind', async () => {
    await using fixture = await SessionFixture.open();
    const deaf = await RawSession.connect(fixture.port, 'deaf');
    const sender = await RawSession.connect(fixture.port, 'sender');
    deaf.client.socket.pause();
    for (let i = 0; i < 60; i++) sender.multicast(AGREED_MESS, ['#deaf#dmn1'], Buffer.alloc(140_000));
    await until(() => fixture.server.counters.messagesOut === 60, 'sixty messages for the deaf one');
    deaf.client.socket.end();
    await until(() => fixture.server.size === 1, 'the deaf one to be gone');
    sender.close();
    deaf.close();
    await isClean(fixture, 'deaf', 'sender');
  });

  it('a session that joins more than ten thousand groups is ended', async () => {
    await using fixture = await SessionFixture.open();
    const greedy = await RawSession.connect(fixture.port, 'greedy', false);
    const joins = Array.from({ length: 10_002 }, (_, i) =>
      encodeRequest(JOIN_MESS, greedy.privateGroup, [`g${i}`]),
    );
    greedy.client.send(Buffer.concat(joins.slice(0, 10_000)));
    await until(() => fixture.core.groups.size === 10_000, 'ten thousand groups');
    greedy.client.send(joins[10_000] as Buffer);
    await until(() => fixture.core.groups.size === 10_001, 'one more');
    greedy.client.send(joins[10_001] as Buffer);
    await greedy.client.end();
    expect(fixture.server.counters.ends).to.deep.equal({ 'too-many-groups': 1 });
    await isClean(fixture, 'greedy');
  });
});

describe('session: stopping', () => {
  it('ends every client, in whatever state, and resolves when all are gone', async () => {
    const daemon = await startDaemon();
    const silent = await RawClient.open(daemon.port);
    const half = await RawClient.open(daemon.port);
    half.send(connectRequest('half'));
    await half.take(6);
    const idle = await RawSession.connect(daemon.port, 'idle');
    const member = await RawSession.connect(daemon.port, 'member');
    member.join('g');
    await member.next();
    await daemon.stop();
    expect(daemon.sessions).to.equal(0);
    for (const client of [silent, half, idle.client, member.client]) await client.end();
    expect(daemon.counters.ends).to.deep.equal({ stopping: 4 });
  });

  it('lets clients have whole what was on its way to them', async () => {
    const daemon = await startDaemon();
    const reader = await RawSession.connect(daemon.port, 'reader');
    reader.client.socket.pause();
    const sender = await RawSession.connect(daemon.port, 'sender');
    for (let i = 0; i < 150; i++) sender.multicast(AGREED_MESS, ['#reader#dmn1'], Buffer.alloc(100_000, i));
    await until(() => daemon.counters.messagesOut >= 100, 'a hundred messages');
    const stopped = daemon.stop();
    const failures: Error[] = [];
    reader.client.socket.on('error', (error) => failures.push(error));
    reader.client.socket.resume();
    await stopped;
    await reader.client.end();
    expect(failures).to.deep.equal([]);
    expect([reader.waiting > 0, reader.torn]).to.deep.equal([true, 0]);
    for (let i = 0; reader.waiting > 0; i++) expect((await reader.next()).body[99_999]).to.equal(i);
    sender.close();
  });

  it('does not wait forever for a client that does not read', async () => {
    const daemon = await startDaemon();
    const deaf = await RawSession.connect(daemon.port, 'deaf');
    deaf.client.socket.pause();
    const sender = await RawSession.connect(daemon.port, 'sender');
    for (let i = 0; i < 100; i++) sender.multicast(AGREED_MESS, ['#deaf#dmn1'], Buffer.alloc(140_000));
    await until(() => daemon.counters.messagesOut >= 80, 'eighty messages');
    const start = performance.now();
    await daemon.stop();
    expect(performance.now() - start).to.be.below(3000);
    expect(daemon.sessions).to.equal(0);
    for (const session of [deaf, sender]) session.close();
  });

  it('in the middle of many busy clients ends them all', async () => {
    const daemon = await startDaemon();
    const sessions: RawSession[] = [];
    for (let i = 0; i < 30; i++) {
      const session = await RawSession.connect(daemon.port, `busy${i}`);
      session.join('g');
      sessions.push(session);
    }
    for (const session of sessions) {
      for (let i = 0; i < 200; i++) session.multicast(AGREED_MESS, ['g'], Buffer.alloc(1000));
    }
    await until(() => daemon.counters.messagesOut > 10_000, 'some of it');
    await daemon.stop();
    for (const { client } of sessions) await client.end();
    expect(daemon.sessions).to.equal(0);
  });

  it('may be asked for twice, and takes no connection any more', async () => {
    const daemon = await startDaemon();
    const { port } = daemon;
    await Promise.all([daemon.stop(), daemon.stop()]);
    await daemon.stop();
    let refused = false;
    await RawClient.open(port).catch(() => {
      refused = true;
    });
    expect(refused).to.equal(true);
  });

  it('is what the end of a block does', async () => {
    const held = await (async () => {
      await using daemon = await createDaemon({ listen: [{ host: '127.0.0.1', port: 0 }] });
      const session = await RawSession.connect(daemon.port, 'alice');
      return { daemon, session };
    })();
    await held.session.client.end();
    expect(held.daemon.sessions).to.equal(0);
  });
});

describe('session: what a daemon says of itself', () => {
  it('counts connections, sessions, messages and bytes', async () => {
    await using daemon = await startDaemon();
    const alice = await RawSession.connect(daemon.port, 'alice');
    const bytesIn = daemon.counters.bytesIn;
    alice.join('g');
    alice.multicast(AGREED_MESS, ['g'], 'hello');
    const frames = [tell(await alice.next()), tell(await alice.next())];
    expect(frames).to.deep.equal(['join g: #alice#dmn1 (#alice#dmn1)', '#alice#dmn1 > g: hello']);
    const { connections, sessions, messagesIn, messagesOut, bytesOut } = daemon.counters;
    expect({ connections, sessions, messagesIn, messagesOut, bytesOut }).to.deep.equal({
      connections: 1,
      sessions: 1,
      messagesIn: 2,
      messagesOut: 2,
      bytesOut: 136 + 85,
    });
    expect([daemon.counters.bytesIn - bytesIn, daemon.sessions, daemon.groups]).to.deep.equal([165, 1, 1]);
    alice.close();
  });
});
