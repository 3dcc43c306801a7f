/** What a client was allowed and is not any more ends when it comes back, whatever it says of its groups. */
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Daemon, DaemonOptions } from '../../daemon/index.js';
import { encodeResume, type ResumeGroup } from '../../lib/wire/extension/resume.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { MemoryCluster } from '../support/memory-cluster.js';
import { ResumableClient } from '../support/resumable-client.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { until } from '../support/wait.js';
import { annAndBob, type Pair } from './returning-pair.js';

/** Longer than any spec. */
const HOLD = 60_000;
const EVERYTHING = '* join,send *\n';
/** All but the group `g`. */
const NOT_G = '* join h*\n* send *\n';
/** What a client gets of a group that it may not be in any more: a gap, and the join as it is sent back. */
const ENDED = ['gap g: not-permitted', '#ann#dmn1 > g,#ann#dmn1: '];

interface RuledPair extends Pair {
  /** From now on these rules hold for whoever connects. */
  readonly rule: (lines: string) => Promise<void>;
}

/** `ann` and `bob`, at a daemon whose rules allow everything at first. */
async function ruledPair(holdMs = 0, options: DaemonOptions = {}): Promise<RuledPair> {
  const folder = await TemporaryDirectory.make();
  const groupFile = folder.file('groups');
  await writeFile(groupFile, EVERYTHING);
  const pair = await annAndBob({ resumeTimeoutMs: HOLD, groupFile, ...options }, holdMs);
  const rule = async (lines: string): Promise<void> => {
    await writeFile(groupFile, lines);
    await pair.daemon.reload({ name: 'dmn1', listen: [{ host: '127.0.0.1', port: 0 }], groupFile });
  };
  const end = async (): Promise<void> => {
    await pair[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  };
  return { ...pair, rule, [Symbol.asyncDispose]: end };
}

/** RESUME of the first try with just these groups, whatever the client is in. */
const resumeWith = (client: ResumableClient, ...groups: readonly ResumeGroup[]): void =>
  client.session.client.send(encodeResume({ next: client.next, attempt: 1, more: false, groups }));

const said = (group: string, more: Partial<ResumeGroup>): ResumeGroup => ({
  group,
  onDemand: false,
  signalled: false,
  had: false,
  wanted: false,
  ...more,
});

/** The connection breaks, and the daemon has seen it. */
async function lose(daemon: Daemon, client: ResumableClient): Promise<void> {
  const { sessions } = daemon;
  client.break();
  await until(() => daemon.sessions < sessions, 'the end of the connection');
  client.heard();
}

/** `bob` speaks in `g`, then in `h`, where `ann` hears it. @returns what she has heard since the last look */
async function heardOf({ ann, bob }: Pair): Promise<string[]> {
  bob.multicast(AGREED_MESS, ['g'], 'secret');
  bob.multicast(AGREED_MESS, ['h'], 'public');
  await ann.hears('#bob#dmn1 > h: public');
  return ann.heard();
}

describe('session: a permission that is gone at a return', () => {
  for (const [how, holdMs] of [
    ['live', 0],
    ['held', HOLD],
  ] as const)
    it(`ends the membership of a ${how} session also where RESUME leaves the group out`, async () => {
      await using pair = await ruledPair(holdMs);
      const { daemon, ann, bob, rule } = pair;
      ann.join('h');
      await ann.hears('list h: #ann#dmn1');
      if (how === 'held') await lose(daemon, ann);
      else ann.heard();
      await rule(NOT_G);
      await ann.return(daemon.port);
      expect(ann.welcome.verdict).to.equal('here');
      resumeWith(ann, said('h', { had: true, wanted: true }));
      await ann.hears('resumed 1');
      await bob.hears('g: leave #ann#dmn1');
      expect(ann.heard()).to.deep.equal([...ENDED, 'resumed 1']);
      expect(await heardOf(pair)).to.deep.equal(['#bob#dmn1 > h: public']);
      expect(daemon.counters.gaps).to.deep.equal({ 'not-permitted': 1 });
    });

  it('ends a membership that the client says it does not want', async () => {
    await using pair = await ruledPair();
    const { daemon, ann, bob, rule } = pair;
    await rule(NOT_G);
    await ann.return(daemon.port);
    resumeWith(ann, said('g', { had: true }), said('h', { wanted: true }));
    await ann.hears('resumed 1');
    await bob.hears('g: leave #ann#dmn1');
    expect(ann.heard()).to.deep.equal([...ENDED, 'list h: #ann#dmn1', 'resumed 1']);
    expect(await heardOf(pair)).to.deep.equal(['#bob#dmn1 > h: public']);
  });

  it('keeps the list from a client that has a gap', async () => {
    await using pair = await ruledPair();
    const { daemon, ann, bob, rule } = pair;
    ann.join('h');
    await ann.hears('list h: #ann#dmn1');
    ann.heard();
    await rule(NOT_G);
    const { tag, index } = ann.welcome.position;
    ann.position.marked({ tag, from: index, to: index, hash: 1n });
    await ann.return(daemon.port);
    resumeWith(ann, said('h', { had: true, wanted: true }));
    await ann.hears('resumed 1');
    await bob.hears('g: leave #ann#dmn1');
    const [told, behind] = [ann.heard(), await heardOf(pair)];
    expect(told).to.deep.equal([...ENDED, 'gap h: diverged', 'list h behind a gap: #ann#dmn1', 'resumed 1']);
    expect(behind).to.deep.equal(['#bob#dmn1 > h: public']);
  });

  it('replays nothing of a group that the client just says it had', async () => {
    await using pair = await ruledPair();
    const { daemon, ann, bob, rule } = pair;
    await lose(daemon, ann);
    await rule(NOT_G);
    bob.multicast(AGREED_MESS, ['g'], 'secret');
    await bob.hears('#bob#dmn1 > g: secret');
    await ann.return(daemon.port);
    expect(ann.welcome.verdict).to.equal('whole');
    resumeWith(ann, said('g', { had: true }), said('h', { wanted: true }));
    await ann.hears('resumed 1');
    // Nothing has ended that it wanted: there is no join to be sent back.
    expect(ann.heard()).to.deep.equal(['gap g: not-permitted', 'list h: #ann#dmn1', 'resumed 1']);
    expect(await heardOf(pair)).to.deep.equal(['#bob#dmn1 > h: public']);
  });

  it('ends the membership at another daemon, too', async () => {
    await using folder = await TemporaryDirectory.make();
    const files = [folder.file('first'), folder.file('second')];
    await writeFile(files[0] as string, EVERYTHING);
    await writeFile(files[1] as string, NOT_G);
    await using cluster = await MemoryCluster.start(2, (index) => ({ groupFile: files[index] ?? null }));
    const [d1, d2] = cluster.daemons as [Daemon, Daemon];
    const bob = await ResumableClient.connect(d1.port, 'bob');
    bob.join('g');
    await bob.hears('list g: #bob#d1');
    const ann = await ResumableClient.connect(d1.port, 'ann');
    ann.join('g');
    await ann.hears('list g: #ann#d1 #bob#d1');
    ann.heard();
    await ann.return(d2.port);
    resumeWith(ann, said('h', { wanted: true }));
    await ann.hears('resumed 1', 'list h: #ann#d2');
    await bob.hears('g: disconnect #ann#d1');
    bob.multicast(AGREED_MESS, ['g'], 'secret');
    bob.multicast(AGREED_MESS, ['h'], 'public');
    await ann.hears('#bob#d1 > h: public');
    expect(ann.heard().filter((word) => word.includes('secret'))).to.deep.equal([]);
    for (const each of [ann, bob]) each.close();
  });
});
