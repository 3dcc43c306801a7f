/** How a session ends, and what the others see of it [session 5.2]. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, KILL_MESS } from '../../lib/wire/service.js';
import { connectMembers, startDaemon } from '../support/local-daemon.js';
import { RawClient, RawSession } from '../support/raw-client.js';
import { tell } from '../support/describe-frame.js';
import { until } from '../support/wait.js';
import { SessionFixture } from './session-fixture.js';

type Pair = [RawSession, RawSession];

/** Lines until a disconnect, that one included. */
async function untilDisconnect(session: RawSession): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const line = tell(await session.next());
    lines.push(line);
    if (line.startsWith('disconnect')) return lines;
  }
}

const GONE = 'disconnect g: #alice#dmn1 (#bob#dmn1)';

describe('session: the end', () => {
  it('that was asked for comes behind what was sent before it', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    bob.multicast(AGREED_MESS, ['g'], 'last words');
    bob.disconnect();
    expect(await untilDisconnect(alice)).to.deep.equal(['#bob#dmn1 > g: last words', GONE]);
    await bob.client.end();
    expect(daemon.counters.ends).to.deep.equal({ requested: 1 });
    alice.close();
  });

  it('that was asked for sends nothing: the stream just ends', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    const message = encodeMessage(AGREED_MESS, bob.privateGroup, ['g'], 0, [Buffer.from('last words')]);
    bob.client.send(Buffer.concat([message, encodeRequest(KILL_MESS, bob.privateGroup, [])]));
    await bob.client.end();
    expect((await alice.next()).body.toString()).to.equal('last words');
    expect(bob.waiting).to.equal(0);
    alice.close();
  });

  it('of a client that closes its half of the connection comes behind all it sent', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    const texts = Array.from({ length: 500 }, (_, i) => `message ${i}`);
    for (const text of texts) bob.multicast(AGREED_MESS, ['g'], text);
    bob.client.socket.end();
    expect(await untilDisconnect(alice)).to.deep.equal([
      ...texts.map((text) => `#bob#dmn1 > g: ${text}`),
      GONE,
    ]);
    await bob.client.end();
    expect(daemon.counters.ends).to.deep.equal({ closed: 1 });
    alice.close();
  });

  it('of a client that closes its half behind a disconnect request is the one it asked for', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    bob.multicast(AGREED_MESS, ['g'], 'last words');
    bob.disconnect();
    bob.client.socket.end();
    expect(await untilDisconnect(alice)).to.deep.equal(['#bob#dmn1 > g: last words', GONE]);
    await until(() => daemon.sessions === 1, 'bob to be gone');
    expect(daemon.counters.ends).to.deep.equal({ requested: 1 });
    alice.close();
  });

  it('of a client that says everything at once, from request to end of stream, loses nothing of it', async () => {
    await using daemon = await startDaemon();
    const [alice] = (await connectMembers(daemon, 'g', 'alice')) as [RawSession];
    const client = await RawClient.open(daemon.port);
    const choice = Buffer.alloc(90);
    choice.write('NULL', 'latin1');
    client.socket.end(
      Buffer.concat([
        Buffer.from([5, 0, 1, 1, 3]),
        Buffer.from('bob'),
        choice,
        encodeMessage(AGREED_MESS, '#bob#dmn1', ['g'], 0, [Buffer.from('in and out')]),
      ]),
    );
    expect(tell(await alice.next())).to.equal('#bob#dmn1 > g: in and out');
    await client.end();
    alice.close();
  });

  it('of a client that died in the middle of a frame loses that frame only', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    bob.multicast(AGREED_MESS, ['g'], 'whole');
    const frame = encodeMessage(AGREED_MESS, bob.privateGroup, ['g'], 0, [Buffer.from('torn')]);
    bob.client.send(frame.subarray(0, frame.length - 1));
    bob.client.socket.end();
    expect(await untilDisconnect(alice)).to.deep.equal(['#bob#dmn1 > g: whole', GONE]);
    alice.close();
  });

  it('of a broken connection is seen as any other', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    bob.client.reset();
    expect(await untilDisconnect(alice)).to.deep.equal([GONE]);
    expect(daemon.counters.ends).to.deep.equal({ broken: 1 });
    alice.close();
  });

  it('is announced to each group of the session, in byte order', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'm', 'alice', 'bob')) as Pair;
    const groups = ['z', 'a', 'Z', 'ab'];
    for (const group of groups) {
      alice.join(group);
      bob.join(group);
    }
    for (let views = 0; views < 2 * groups.length;) if ((await alice.next()).name !== 'm') views++;
    bob.close();
    const lines: string[] = [];
    for (let i = 0; i < 5; i++) lines.push(tell(await alice.next()));
    expect(lines).to.deep.equal(
      ['Z', 'a', 'ab', 'm', 'z'].map((group) => `disconnect ${group}: #alice#dmn1 (#bob#dmn1)`),
    );
    alice.close();
  });

  it('throws away what waits for the session, and is the same for one that never reads', async () => {
    await using fixture = await SessionFixture.open();
    const alice = await RawSession.connect(fixture.port, 'alice');
    const bob = await RawSession.connect(fixture.port, 'bob');
    bob.client.socket.pause();
    for (let i = 0; i < 100; i++) alice.multicast(AGREED_MESS, ['#bob#dmn1'], Buffer.alloc(140_000));
    await until(() => fixture.server.counters.messagesOut === 100, 'a hundred messages for bob');
    bob.disconnect();
    await until(() => fixture.server.size === 1, 'bob to be gone, who read nothing');
    expect(fixture.core.roster.size).to.equal(1);
    bob.client.socket.resume();
    await bob.client.end();
    expect(bob.frames.length).to.be.below(100);
    for (const session of [alice, bob]) session.close();
  });

  it('takes nothing that was sent behind the request', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    bob.disconnect();
    bob.multicast(AGREED_MESS, ['g'], 'too late');
    bob.leave('g');
    expect(await untilDisconnect(alice)).to.deep.equal([GONE]);
    const after = await RawSession.connect(daemon.port, 'after');
    after.multicast(AGREED_MESS, ['g'], 'next');
    expect(tell(await alice.next())).to.equal('#after#dmn1 > g: next');
    for (const session of [alice, after]) session.close();
  });
});

describe('session: a name after its session', () => {
  it('is free at once for a client that was killed and comes again', async () => {
    await using daemon = await startDaemon();
    for (let i = 0; i < 200; i++) {
      const session = await RawSession.connect(daemon.port, 'phoenix');
      session.join('ashes');
      session.close();
      await RawSession.connect(daemon.port, 'phoenix').then((next) => next.close());
    }
    expect(daemon.counters.rejections).to.deep.equal({});
  });
});
