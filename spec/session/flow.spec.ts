/** Readers that are slow, and senders that are fast [session 5.3], [daemon 3.3]. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { connectMembers, startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { tell } from '../support/describe-frame.js';
import { until } from '../support/wait.js';

type Pair = [RawSession, RawSession];

/** Long enough for the daemon to take a reader for stopped, and more. */
const LIMIT = 15_000;

/** So many messages to g, from a session that is no member and is closed when it has said everything. */
async function pour(daemon: Daemon, count: number, size: number): Promise<void> {
  const before = daemon.counters.messagesIn;
  const sender = await RawSession.connect(daemon.port, 'sender');
  for (let i = 0; i < count; i++) sender.multicast(AGREED_MESS, ['g'], Buffer.alloc(size, i));
  await until(() => daemon.counters.messagesIn >= before + count, 'everything to be read', LIMIT);
  sender.close();
}

describe('session: a slow reader', () => {
  it('that has stopped is dropped when too many messages wait, and the others see it go', async () => {
    await using daemon = await startDaemon({ limits: { maxSessionMessages: 100 } });
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    bob.client.socket.pause();
    await pour(daemon, 400, 100_000);
    await until(() => daemon.counters.ends['slow-messages'] === 1, 'bob to be dropped', LIMIT);
    const lines: string[] = [];
    for (let i = 0; i < 401; i++) lines.push(tell(await alice.next()).slice(0, 60));
    expect(lines.filter((line) => line === 'disconnect g: #alice#dmn1 (#bob#dmn1)').length).to.equal(1);
    expect(lines.filter((line) => line.startsWith('#sender')).length).to.equal(400);
    alice.close();
    bob.close();
  });

  it('that was dropped finds whole messages, perhaps a torn one, and the end of the stream', async () => {
    await using daemon = await startDaemon({ limits: { maxSessionMessages: 100 } });
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    bob.client.socket.pause();
    await pour(daemon, 400, 100_000);
    await until(() => daemon.counters.ends['slow-messages'] === 1, 'bob to be dropped', LIMIT);
    bob.client.socket.resume();
    await bob.client.end();
    expect(bob.waiting).to.be.below(300);
    for (let i = 0; bob.waiting > 0; i++) {
      const { body, length } = await bob.next();
      expect([length, body[0], body.at(-1)]).to.deep.equal([
        HEADER_BYTES + NAME_BYTES + 100_000,
        i % 256,
        i % 256,
      ]);
    }
    alice.close();
  });

  it('that keeps reading is not dropped and gets everything', async () => {
    await using daemon = await startDaemon({ limits: { maxSessionMessages: 10 } });
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    const sender = await RawSession.connect(daemon.port, 'sender');
    for (let i = 0; i < 1000; i++) sender.multicast(AGREED_MESS, ['g'], Buffer.alloc(20_000, i));
    await until(() => alice.waiting === 1000 && bob.waiting === 1000, 'a thousand messages', LIMIT);
    expect(daemon.counters.ends).to.deep.equal({});
    for (const session of [alice, bob, sender]) session.close();
  });

  it('is dropped when too many bytes wait', async () => {
    await using daemon = await startDaemon({
      limits: { maxSessionMessages: 1_000_000, maxSessionBytes: 3_000_000 },
    });
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    bob.client.socket.pause();
    await pour(daemon, 300, 100_000);
    await until(() => daemon.counters.ends['slow-bytes'] === 1, 'bob to be dropped', LIMIT);
    expect(daemon.counters.ends).to.not.have.property('slow-messages');
    for (const session of [alice, bob]) session.close();
  });

  it('with a limit of 0 is everybody: the first message ends the session', async () => {
    await using daemon = await startDaemon({ limits: { maxSessionMessages: 0 } });
    const bob = await RawSession.connect(daemon.port, 'bob');
    bob.join('g');
    await bob.client.end();
    expect([bob.waiting, daemon.counters.ends]).to.deep.equal([0, { 'slow-messages': 1 }]);
  });

  it('that was dropped leaves its name and its groups', async () => {
    await using daemon = await startDaemon({ limits: { maxSessionMessages: 0 } });
    const bob = await RawSession.connect(daemon.port, 'bob');
    bob.join('g');
    await bob.client.end();
    await until(() => daemon.groups === 0, 'the group to be empty');
    const again = await RawSession.connect(daemon.port, 'bob');
    again.close();
  });
});

describe('session: a flooding sender', () => {
  it('does not keep others from being heard, and gets everything through', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    const flooder = await RawSession.connect(daemon.port, 'flooder');
    for (let i = 0; i < 500; i++) flooder.multicast(AGREED_MESS, ['f'], Buffer.alloc(100_000));
    alice.multicast(AGREED_MESS, ['g'], 'heard');
    expect(tell(await bob.next())).to.equal('#alice#dmn1 > g: heard');
    expect(daemon.counters.bytesIn, 'in the middle of the flood').to.be.below(500 * 100_000);
    await until(() => daemon.counters.bytesIn > 500 * 100_000, 'the flood to be over', LIMIT);
    for (const session of [alice, bob, flooder]) session.close();
  });
});
