/** A daemon that is asked to stop: what its clients hear, where they go, and when it stops. */
import type { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import { FEATURE_COMPACT_VIEWS, FEATURE_MOVES, FEATURE_RESUME } from '../../lib/wire/extension/features.js';
import { isExtensionFrame } from '../../lib/wire/extension/frame.js';
import { encodeHello, type Hello } from '../../lib/wire/extension/hello.js';
import { readToClient, type ToClient } from '../../lib/wire/extension/read.js';
import { encodeResume } from '../../lib/wire/extension/resume.js';
import type { Welcome } from '../../lib/wire/extension/welcome.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeConnectRequest, PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { MemoryCluster } from '../support/memory-cluster.js';
import { RawClient, RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';

const FEATURES = FEATURE_RESUME | FEATURE_COMPACT_VIEWS | FEATURE_MOVES;
const hello: Hello = { features: FEATURES, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null };

const announced = (index: number) => ({ announce: [`4803@d${index + 1}`, `tls://d${index + 1}:4843`] });

const connect = async (daemon: Daemon, name = 'ann', wanted: Hello = hello): Promise<RawSession> =>
  RawSession.connect(daemon.port, name, true, wanted);

/** Of the frames that came, those of the extension. */
const told = ({ frames }: RawSession): (ToClient | null)[] =>
  frames.flatMap((each) => {
    const { bytes, start, end } = each as unknown as { bytes: Buffer; start: number; end: number };
    return isExtensionFrame(bytes, start) ? [readToClient(bytes, start, end)] : [];
  });

const hasData = ({ frames }: RawSession): boolean => frames.some(({ service }) => service === AGREED_MESS);

async function frame<K extends ToClient['kind']>(
  session: RawSession,
  kind: K,
): Promise<Extract<ToClient, { kind: K }>> {
  const find = () => told(session).find((each) => each?.kind === kind);
  await until(() => find() !== undefined, `a frame ${kind}`);
  return find() as Extract<ToClient, { kind: K }>;
}

/** Comes back at another daemon as the session that it is. */
async function move(session: RawSession, daemon: Daemon, groups: readonly string[]): Promise<RawSession> {
  const { welcome } = session;
  const token = welcome?.token as Buffer;
  const position = { tag: 0n, from: 0, to: 0, hash: 0n, events: 0, awayMs: 0 };
  const again = await connect(daemon, 'ann', { ...hello, attempt: 1, resume: { token, position } });
  const wanted = groups.map((group) => ({
    group,
    onDemand: false,
    signalled: false,
    had: true,
    wanted: true,
  }));
  again.client.send(encodeResume({ next: 100, attempt: 1, more: false, groups: wanted }));
  return again;
}

describe('session: addresses of daemons', () => {
  it('are in WELCOME for clients that can move, and in PEERS when they change', async () => {
    await using cluster = await MemoryCluster.start(2, announced, 1);
    const [d1] = cluster.daemons as [Daemon];
    const ann = await connect(d1);
    expect(ann.welcome?.addresses).to.deep.equal(['4803@d1', 'tls://d1:4843']);
    const bob = await connect(d1, 'bob', { ...hello, features: FEATURES & ~FEATURE_MOVES });
    await cluster.add();
    const all = ['4803@d1', 'tls://d1:4843', '4803@d2', 'tls://d2:4843'];
    expect((await frame(ann, 'peers')).addresses).to.deep.equal(all);
    expect((await connect(d1, 'cleo')).welcome?.addresses).to.deep.equal(all);
    expect([bob.welcome?.addresses, told(bob)]).to.deep.equal([[], []]);
  });

  it('begin with the one that the client came to where the daemon announces none', async () => {
    await using cluster = await MemoryCluster.start(2);
    const [d1] = cluster.daemons as [Daemon];
    expect((await connect(d1)).welcome?.addresses).to.deep.equal([`127.0.0.1:${d1.port}`]);
  });

  it('go to nobody who could not come back', async () => {
    await using cluster = await MemoryCluster.start(2, announced);
    const [d1] = cluster.daemons as [Daemon];
    const ann = await connect(d1, 'ann', { ...hello, features: FEATURE_MOVES | FEATURE_COMPACT_VIEWS });
    expect([ann.welcome?.features, ann.welcome?.addresses]).to.deep.equal([FEATURE_COMPACT_VIEWS, []]);
  });
});

describe('session: drain', () => {
  it('asks the clients to go, ends the sessions of those that have, and then stops', async () => {
    await using cluster = await MemoryCluster.start(2, announced);
    const [d1, d2] = cluster.daemons as [Daemon, Daemon];
    const eve = await RawSession.connect(d2.port, 'eve');
    eve.join('g');
    await eve.next();
    const ann = await connect(d1);
    ann.join('g');
    await frame(ann, 'list');
    const plain = await RawSession.connect(d1.port, 'plain');
    const drained = d1.drain();
    expect(await frame(ann, 'move')).to.deep.include({
      reason: 'drain',
      addresses: ['4803@d2', 'tls://d2:4843'],
    });
    await RawClient.open(d1.port).then(
      () => expect.fail('expected no listener'),
      (error: unknown) => expect(error).to.have.property('code', 'ECONNREFUSED'),
    );
    // It is still served, and hears all that stands before its return.
    ann.multicast(AGREED_MESS, ['g'], 'last');
    await until(() => hasData(ann), 'its own message');
    const again = await move(ann, d2, ['g']);
    expect(await frame(ann, 'end')).to.deep.include({ code: 'taken-over' });
    await ann.client.end();
    await frame(again, 'resumed');
    await drained;
    await plain.client.end();
    expect(d1.sessions).to.equal(0);
    again.multicast(AGREED_MESS, ['g'], 'here');
    await until(() => hasData(again), 'a message at the next daemon');
    await d1.stop();
  });

  it('says first where it is, also in a daemon view in which a client has had nothing', async () => {
    await using cluster = await MemoryCluster.start(3, announced, 2);
    const [d1, d2] = cluster.daemons as [Daemon, Daemon];
    const ann = await connect(d1);
    const before = ann.welcome?.position.tag;
    await cluster.add();
    const { position } = (await connect(d2, 'bob')).welcome as Welcome;
    const drained = d1.drain();
    await frame(ann, 'move');
    expect(told(ann).at(-2)).to.deep.include({ kind: 'mark', tag: position.tag });
    expect(position.tag).not.to.equal(before);
    ann.close();
    await drained;
  });

  it('ends with the time, and tells those that are left that it stops', async () => {
    await using cluster = await MemoryCluster.start(2, () => ({ drainTimeMs: 1 }));
    const [d1] = cluster.daemons as [Daemon];
    const ann = await connect(d1);
    await d1.drain();
    expect(told(ann).map((each) => each?.kind)).to.deep.equal(['mark', 'move', 'end']);
    expect(await frame(ann, 'end')).to.deep.include({ code: 'stopping' });
  });

  it('sends away those that are in their handshake', async () => {
    await using cluster = await MemoryCluster.start(2);
    const [d1] = cluster.daemons as [Daemon];
    const ann = await connect(d1);
    const late = await RawClient.open(d1.port);
    late.send(
      encodeConnectRequest({
        version: PROTOCOL_VERSION,
        membership: true,
        priority: 0,
        offers: true,
        name: 'late',
      }),
    );
    await late.take(12);
    const drained = d1.drain();
    await frame(ann, 'move');
    late.send(encodeMethodChoice(['NULL', 'SSPX1']));
    late.send(encodeHello(hello));
    await late.end();
    expect(late.received.toString('latin1')).to.include('stopping');
    expect(d1.counters.ends).to.deep.equal({ stopping: 1 });
    ann.close();
    await drained;
  });

  for (const [how, options] of [
    ['has no peers', { count: 1 }],
    ['has no such client', { count: 2, features: FEATURES & ~FEATURE_MOVES }],
    ['is to take no time for it', { count: 2, drainTimeMs: 0 }],
    ['keeps nothing, so that nobody can go without a gap', { count: 2, resumeBufferBytes: 0 }],
  ] as const)
    it(`is a stop at once at a daemon that ${how}`, async () => {
      const {
        count,
        drainTimeMs = 60_000,
        features = FEATURES,
        resumeBufferBytes = 1 << 20,
      } = options as {
        count: number;
        drainTimeMs?: number;
        features?: number;
        resumeBufferBytes?: number;
      };
      await using cluster = await MemoryCluster.start(count, () => ({ drainTimeMs, resumeBufferBytes }));
      const [d1] = cluster.daemons as [Daemon];
      const ann = await connect(d1, 'ann', { ...hello, features });
      await d1.drain();
      expect(told(ann).map((each) => each?.kind)).to.deep.equal(['end']);
    });

  it('is cut short by a stop', async () => {
    await using cluster = await MemoryCluster.start(2, () => ({ drainTimeMs: 60_000 }));
    const [d1] = cluster.daemons as [Daemon];
    const ann = await connect(d1);
    const drained = d1.drain();
    await frame(ann, 'move');
    await d1.stop();
    await drained;
    expect(told(ann).map((each) => each?.kind)).to.deep.equal(['mark', 'move', 'end']);
  });
});
