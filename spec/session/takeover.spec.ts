/** Sessions whose connection changes while they stay: taken over at once, or held for a while without one. */
import type { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Daemon, DaemonOptions } from '../../daemon/index.js';
import type { Delivery } from '../../lib/wire/delivery.js';
import { isExtensionFrame } from '../../lib/wire/extension/frame.js';
import { readToClient } from '../../lib/wire/extension/read.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { startDaemon } from '../support/local-daemon.js';
import { MemoryCluster } from '../support/memory-cluster.js';
import { RawSession } from '../support/raw-client.js';
import { ResumableClient } from '../support/resumable-client.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { until } from '../support/wait.js';
import { annAndBob, type Pair } from './returning-pair.js';

/** Longer than any spec. */
const HOLD = 60_000;

/** `ann`, who wants to be held, and `bob`. */
const heldPair = (holdMs = 0, options: DaemonOptions = {}): Promise<Pair> =>
  annAndBob({ resumeTimeoutMs: HOLD, ...options }, holdMs);

/** The connection breaks, and the daemon has seen it. */
async function lose(daemon: Daemon, client: ResumableClient): Promise<void> {
  const { sessions } = daemon;
  client.break();
  await until(() => daemon.sessions < sessions, 'the end of the connection');
}

/** Says something in `g` until all of them have heard it; what else they have heard. */
async function settle(speaker: ResumableClient, ...others: readonly ResumableClient[]): Promise<string[][]> {
  speaker.multicast(AGREED_MESS, ['g'], 'settled');
  const word = `${speaker.privateGroup} > g: settled`;
  const heard: string[][] = [];
  for (const each of [speaker, ...others]) {
    await each.hears(word);
    heard.push(each.heard().filter((other) => other !== word));
  }
  return heard;
}

/** Numbers up to which requests are stable, of all acknowledgements among those frames. */
const acksIn = (frames: readonly Delivery[]): number[] =>
  frames.flatMap((frame) => {
    const { bytes, start, end } = frame as unknown as { bytes: Buffer; start: number; end: number };
    const read = isExtensionFrame(bytes, start) ? readToClient(bytes, start, end) : null;
    return read?.kind === 'ack' ? [read.number] : [];
  });

describe('session: a takeover', () => {
  it('gives the session to the new connection, with what it has missed, and nobody else sees it', async () => {
    await using pair = await heldPair();
    const { daemon, ann, bob } = pair;
    const old = ann.session;
    await ann.return(daemon.port);
    expect(ann.welcome).to.deep.include({ verdict: 'here', stable: 1 });
    expect(ann.privateGroup).to.equal('#ann#dmn1');
    // Until RESUME the old connection has it.
    bob.multicast(AGREED_MESS, ['g'], 'one');
    bob.multicast(AGREED_MESS, ['#ann#dmn1'], 'psst');
    await until(() => old.frames.at(-1)?.names(1)[0] === '#ann#dmn1', 'the private message');
    ann.resume(['g']);
    await ann.hears('resumed 1');
    await old.client.end();
    expect(ann.heard()).to.deep.equal(['#bob#dmn1 > g: one', '#bob#dmn1 > #ann#dmn1: psst', 'resumed 1']);
    ann.multicast(AGREED_MESS, ['g'], 'two');
    await ann.hears('#ann#dmn1 > g: two');
    expect(await settle(bob, ann)).to.deep.equal([
      ['#bob#dmn1 > g: one', '#ann#dmn1 > g: two'],
      ['#ann#dmn1 > g: two'],
    ]);
    expect(daemon.counters.ends).to.deep.equal({ 'taken-over': 1 });
    expect(daemon.sessions).to.equal(2);
  });

  it('hears which of its requests are stable, though the connection before has heard of it since', async () => {
    await using pair = await heldPair();
    const { daemon, ann } = pair;
    const old = ann.session;
    await ann.return(daemon.port);
    expect(ann.welcome.stable).to.equal(1);
    // It was on its way when the client gave that connection up.
    old.multicast(AGREED_MESS, ['g'], 'one');
    const isTold = ({ frames }: RawSession): boolean => acksIn(frames).includes(2);
    await until(() => isTold(old), 'the acknowledgement');
    ann.next = 3;
    ann.resume(['g']);
    await until(() => isTold(ann.session), 'the same for the new connection');
  });

  it('has its requests counted on, and repeats dropped', async () => {
    await using pair = await heldPair();
    const { daemon, ann, bob } = pair;
    ann.multicast(AGREED_MESS, ['g'], 'one');
    await bob.hears('#ann#dmn1 > g: one');
    await ann.return(daemon.port);
    ann.next = 2;
    ann.resume(['g']);
    ann.multicast(AGREED_MESS, ['g'], 'one');
    ann.multicast(AGREED_MESS, ['g'], 'two');
    await ann.hears('#ann#dmn1 > g: two');
    expect(ann.heard().filter((word) => word !== 'resumed 1')).to.deep.equal([
      '#ann#dmn1 > g: one',
      '#ann#dmn1 > g: two',
    ]);
    expect(await settle(bob)).to.deep.equal([['#ann#dmn1 > g: one', '#ann#dmn1 > g: two']]);
  });

  it('joins what its client wants and leaves nothing out', async () => {
    await using pair = await heldPair();
    const { daemon, ann, bob } = pair;
    bob.join('h');
    await bob.hears('list h: #bob#dmn1');
    await ann.return(daemon.port);
    ann.resume(['g', 'h']);
    await ann.hears('list h: #ann#dmn1 #bob#dmn1');
    ann.leave('g');
    await ann.hears('left g');
    await bob.hears('g: leave #ann#dmn1');
    expect(ann.words).to.deep.equal(['list h: #ann#dmn1 #bob#dmn1', 'resumed 2', 'left g']);
  });

  it('can be repeated while what was missed is still being read', async () => {
    await using pair = await heldPair();
    const { daemon, ann, bob } = pair;
    const texts = Array.from({ length: 50 }, (_, i) => `${i}`.padEnd(5000, '.'));
    ann.session.client.socket.pause();
    for (const text of texts) bob.multicast(AGREED_MESS, ['g'], text);
    await bob.hears(`#bob#dmn1 > g: ${texts.at(-1)}`);
    for (let tries = 0; tries < 3; tries++) {
      await ann.return(daemon.port);
      expect(ann.welcome.verdict).to.equal('here');
      ann.resume(['g']);
    }
    await ann.hears('resumed 1');
    expect(ann.heard()).to.deep.equal([...texts.map((text) => `#bob#dmn1 > g: ${text}`), 'resumed 1']);
    expect((await settle(bob)).flat().filter((word) => word.startsWith('g:'))).to.deep.equal([]);
  });

  it('tells a gap, and the list as it is, when the position is not in the ring', async () => {
    await using pair = await heldPair();
    const { daemon, ann, bob } = pair;
    const { tag, index } = ann.welcome.position;
    ann.position.marked({ tag, from: index, to: index, hash: 1n });
    await ann.return(daemon.port);
    ann.resume(['g']);
    await ann.hears('resumed 1');
    expect(ann.heard()).to.deep.equal([
      'gap g: diverged',
      'list g behind a gap: #ann#dmn1 #bob#dmn1',
      'resumed 1',
    ]);
    expect(await settle(bob, ann)).to.deep.equal([[], []]);
  });

  it('of a connection that ends before it has said what it wants is none', async () => {
    await using pair = await heldPair();
    const { daemon, ann, bob } = pair;
    const old = ann.session;
    await ann.return(daemon.port);
    await lose(daemon, ann);
    bob.multicast(AGREED_MESS, ['g'], 'one');
    await until(() => old.frames.some(({ service }) => service === AGREED_MESS), 'a message');
    expect(await settle(bob)).to.deep.equal([['#bob#dmn1 > g: one']]);
    old.close();
    await bob.hears('g: disconnect #ann#dmn1');
  });

  it('still is one when the old connection ends first', async () => {
    await using pair = await heldPair();
    const { daemon, ann, bob } = pair;
    const old = ann.session;
    await ann.return(daemon.port);
    old.client.reset();
    await until(() => daemon.sessions === 2, 'the end of the old connection');
    bob.multicast(AGREED_MESS, ['g'], 'one');
    await bob.hears('#bob#dmn1 > g: one');
    ann.resume(['g']);
    await ann.hears('resumed 1');
    expect(ann.heard()).to.deep.equal(['#bob#dmn1 > g: one', 'resumed 1']);
    expect(await settle(bob, ann)).to.deep.equal([['#bob#dmn1 > g: one'], []]);
  });

  it('is waited for only as long as its connection is there', async () => {
    await using pair = await heldPair(0, { limits: { handshakeTimeoutMs: HOLD } });
    const { daemon, ann, bob } = pair;
    const old = ann.session;
    await ann.return(daemon.port);
    old.client.reset();
    await until(() => daemon.sessions === 2, 'the end of the old connection');
    expect(await settle(bob)).to.deep.equal([[]]);
    ann.break();
    await bob.hears('g: disconnect #ann#dmn1');
  });

  it('fails without a word when the session has ended, so that the client tries again', async () => {
    await using pair = await heldPair();
    const { daemon, ann, bob } = pair;
    const old = ann.session;
    await ann.return(daemon.port);
    old.disconnect();
    await bob.hears('g: disconnect #ann#dmn1');
    ann.resume(['g']);
    await ann.session.client.end();
    expect(ann.heard()).to.deep.equal([]);
    await ann.return(daemon.port);
    expect(ann.welcome.verdict).to.equal('whole');
    ann.resume(['g']);
    await ann.hears('resumed 1');
    expect(await settle(bob)).to.deep.equal([['g: disconnect #ann#dmn1', 'g: join #ann#dmn1 was #ann#dmn1']]);
  });

  it('of two at once goes to the higher try, and the other one is ended', async () => {
    await using pair = await heldPair();
    const { daemon, ann, bob } = pair;
    await ann.return(daemon.port);
    const lower = ann.session;
    await ann.return(daemon.port);
    expect(ann.welcome.verdict).to.equal('here');
    ann.resume(['g']);
    await ann.hears('resumed 1');
    ann.heard();
    lower.client.send(ann.resumeOf(['g'], 1));
    await lower.client.end();
    expect(daemon.counters.ends).to.deep.equal({ 'taken-over': 2 });
    expect(await settle(bob, ann)).to.deep.equal([[], []]);
  });

  it('leaves a group that the client may not be in any more', async () => {
    await using folder = await TemporaryDirectory.make();
    const groupFile = folder.file('groups');
    await writeFile(groupFile, '* join,send *\n');
    await using pair = await heldPair(0, { groupFile });
    const { daemon, ann, bob } = pair;
    bob.join('h');
    ann.join('h');
    await bob.hears('h: join #ann#dmn1');
    await ann.hears('list h: #ann#dmn1 #bob#dmn1');
    for (const each of [ann, bob]) each.heard();
    await writeFile(groupFile, '* join h\n* send *\n');
    await daemon.reload({ name: 'dmn1', listen: [{ host: '127.0.0.1', port: 0 }], groupFile });
    await ann.return(daemon.port);
    ann.resume(['g', 'h']);
    await ann.hears('resumed 1');
    await bob.hears('g: leave #ann#dmn1');
    expect(ann.heard()).to.deep.equal([
      'gap g: not-permitted',
      // The join, as it is sent back.
      '#ann#dmn1 > g,#ann#dmn1: ',
      'resumed 1',
    ]);
    ann.multicast(AGREED_MESS, ['h'], 'here');
    await ann.hears('#ann#dmn1 > h: here');
  });

  it('at a daemon that keeps nothing is a return under a made-up name', async () => {
    await using pair = await heldPair(HOLD, { resumeBufferBytes: 0 });
    const { daemon, ann, bob } = pair;
    expect(ann.welcome.holdMs).to.equal(0);
    await ann.return(daemon.port);
    expect([ann.welcome.verdict, ann.privateGroup]).to.deep.equal(['gap', '#r1#dmn1']);
    ann.resume(['g']);
    await bob.hears('g: disconnect #ann#dmn1, join #r1#dmn1 was #ann#dmn1');
  });
});

describe('session: a hold', () => {
  it('is granted up to ResumeTimeout', async () => {
    await using daemon = await startDaemon({ resumeTimeoutMs: 3000 });
    const ann = await ResumableClient.connect(daemon.port, 'ann', { holdMs: 2000 });
    const bob = await ResumableClient.connect(daemon.port, 'bob', { holdMs: 5000 });
    expect([ann.welcome.holdMs, bob.welcome.holdMs]).to.deep.equal([2000, 3000]);
    for (const each of [ann, bob]) each.close();
  });

  it('keeps a session in its groups, of which it gets everything when it comes back', async () => {
    await using pair = await heldPair(HOLD);
    const { daemon, ann, bob } = pair;
    await lose(daemon, ann);
    ann.heard();
    bob.multicast(AGREED_MESS, ['g'], 'one');
    bob.multicast(AGREED_MESS, ['#ann#dmn1'], 'psst');
    await bob.hears('#bob#dmn1 > g: one');
    expect(daemon.status.heldCount).to.equal(1);
    await ann.return(daemon.port);
    expect(ann.welcome.verdict).to.equal('here');
    ann.resume(['g']);
    await ann.hears('resumed 1');
    expect(ann.heard()).to.deep.equal(['#bob#dmn1 > g: one', '#bob#dmn1 > #ann#dmn1: psst', 'resumed 1']);
    expect(await settle(bob, ann)).to.deep.equal([['#bob#dmn1 > g: one'], []]);
    expect(daemon.status.heldCount).to.equal(0);
  });

  it('is none for one that has not said yet what it comes back to', async () => {
    await using cluster = await MemoryCluster.start(2, () => ({ resumeTimeoutMs: HOLD }));
    const [d1, d2] = cluster.daemons as [Daemon, Daemon];
    const ann = await ResumableClient.connect(d1.port, 'ann', { holdMs: HOLD });
    ann.join('g');
    await ann.hears('list g: #ann#d1');
    ann.break();
    await ann.return(d2.port);
    await lose(d2, ann);
    expect([d1.status.heldCount, d2.status.heldCount]).to.deep.equal([1, 0]);
  });

  const holdAndLose = async (
    daemon: Daemon,
    name: string,
    localAddress: string,
  ): Promise<ResumableClient> => {
    const where = { host: '127.0.0.1', port: daemon.port, localAddress };
    const client = await ResumableClient.connect(where, name, { holdMs: HOLD });
    await lose(daemon, client);
    return client;
  };

  it('is for as many sessions of an address as it may have connections', async () => {
    const limits = { maxSessionsPerAddress: 2 };
    await using daemon = await startDaemon({ resumeTimeoutMs: HOLD, limits });
    const clients: ResumableClient[] = [];
    for (const name of ['a', 'b', 'c', 'd']) clients.push(await holdAndLose(daemon, name, '127.0.0.1'));
    await holdAndLose(daemon, 'e', '127.0.0.2');
    expect(daemon.status.heldCount).to.equal(3);
    for (const client of clients.slice(2)) {
      await client.return(daemon.port);
      expect(client.welcome.verdict).to.equal('here');
    }
    for (const client of clients) client.close();
  });

  it('is not lost to an address that has more of them, where there are as many as there may be', async () => {
    await using daemon = await startDaemon({ resumeTimeoutMs: HOLD, limits: { maxSessions: 3 } });
    const ann = await holdAndLose(daemon, 'ann', '127.0.0.2');
    for (const name of ['a', 'b', 'c', 'd']) await holdAndLose(daemon, name, '127.0.0.1');
    expect(daemon.status.heldCount).to.equal(3);
    await ann.return(daemon.port);
    expect(ann.welcome.verdict).to.equal('here');
    ann.close();
  });

  it('is over when its time is', async () => {
    await using pair = await heldPair(1);
    const { daemon, ann, bob } = pair;
    await lose(daemon, ann);
    await bob.hears('g: disconnect #ann#dmn1');
    expect(daemon.status.heldCount).to.equal(0);
    await ann.return(daemon.port);
    expect(ann.welcome.verdict).to.equal('whole');
  });

  it('is none for a session that ends by its own will or fault', async () => {
    await using pair = await heldPair(HOLD);
    const { ann, bob } = pair;
    ann.session.multicast(0x30, ['g'], 'two services');
    await ann.session.client.end();
    await bob.hears('g: disconnect #ann#dmn1');
    const cleo = await ResumableClient.connect(pair.daemon.port, 'cleo', { holdMs: HOLD });
    cleo.join('g');
    await bob.hears('g: join #cleo#dmn1');
    cleo.session.disconnect();
    await bob.hears('g: disconnect #cleo#dmn1');
  });

  for (const kind of ['a plain newcomer', 'a newcomer with the extension'])
    it(`yields to ${kind} of its name`, async () => {
      await using pair = await heldPair(HOLD);
      const { daemon, ann, bob } = pair;
      await lose(daemon, ann);
      const other =
        kind === 'a plain newcomer'
          ? await RawSession.connect(daemon.port, 'ann')
          : (await ResumableClient.connect(daemon.port, 'ann')).session;
      expect(other.privateGroup).to.equal('#ann#dmn1');
      await bob.hears('g: disconnect #ann#dmn1');
      await ann.return(daemon.port);
      expect(ann.privateGroup).not.to.equal('#ann#dmn1');
      other.close();
    });

  it('ends when the session returns at another daemon', async () => {
    await using cluster = await MemoryCluster.start(2, () => ({ resumeTimeoutMs: HOLD }));
    const [d1, d2] = cluster.daemons as [Daemon, Daemon];
    const bob = await ResumableClient.connect(d2.port, 'bob');
    bob.join('g');
    await bob.hears('list g: #bob#d2');
    const ann = await ResumableClient.connect(d1.port, 'ann', { holdMs: HOLD });
    ann.join('g');
    await bob.hears('g: join #ann#d1');
    bob.heard();
    await lose(d1, ann);
    ann.heard();
    await ann.return(d2.port);
    expect(ann.welcome.verdict).to.equal('whole');
    ann.resume(['g']);
    await ann.hears('resumed 1');
    expect(bob.heard()).to.deep.equal(['g: disconnect #ann#d1, join #ann#d2 was #ann#d1']);
    expect(d1.status.heldCount).to.equal(0);
    const next = await RawSession.connect(d1.port, 'ann');
    expect(next.privateGroup).to.equal('#ann#d1');
    for (const each of [next, ann, bob]) each.close();
  });

  it('does not keep a daemon from stopping', async () => {
    const pair = await heldPair(HOLD);
    await lose(pair.daemon, pair.ann);
    await pair[Symbol.asyncDispose]();
    expect(pair.daemon.sessions).to.equal(0);
  });
});
