/** Clients that are not members of a recipe's group, and members that lie: neither changes anything that is not theirs. */
import { Buffer } from 'node:buffer';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { IllegalParamError } from '../../../lib/errors.js';
import type { Connection } from '../../../lib/client/connection.js';
import { BodyWriter, sealed } from '../../../lib/recipes/core/codec.js';
import { encode, type Message } from '../../../lib/recipes/core/replicated/messages.js';
import { MAX_COMMAND_DEPTH, MAX_TERM } from '../../../lib/recipes/core/limits.js';
import { MAX_JSON_DEPTH } from '../../../lib/util/json-depth.js';
import {
  barrier,
  groupRpc,
  counter,
  election,
  lock,
  map,
  presence,
  replicated,
} from '../../../lib/recipes/index.js';
import { until } from '../../support/wait.js';
import { ClientWorld } from '../../client/support.js';

interface Dropped {
  readonly group: string;
  readonly sender: string;
  readonly reason: string;
}

/** What was ignored from here on. */
class Watch implements Disposable {
  readonly dropped: Dropped[] = [];
  readonly warnings: string[] = [];

  constructor() {
    subscribe('ssp-toolkit:dropped', this.onDropped);
    process.on('warning', this.onWarning);
  }

  [Symbol.dispose](): void {
    unsubscribe('ssp-toolkit:dropped', this.onDropped);
    process.off('warning', this.onWarning);
  }

  private readonly onDropped = (message: unknown): void => void this.dropped.push(message as Dropped);
  private readonly onWarning = ({ message }: Error): void => void this.warnings.push(message);
}

/** A command as a replica would send it. */
const command = (instance: number, sequence: number, payload: unknown): Buffer =>
  encode({
    kind: 'command',
    instance,
    ticket: sequence,
    sequence,
    payload: Buffer.from(JSON.stringify(payload)),
  });

/** Number of the process behind a recipe: it travels in clear, so anybody can know it. */
const instanceOf = (recipe: object): number =>
  (recipe as { replica: { core: { instance: number } } }).replica.core.instance;

/** All that was sent before is delivered to the one who asked. */
async function delivered(connection: Connection): Promise<void> {
  await connection.sendTo(connection.id, 'after everything');
  await pause(50);
}

describe('a client that is not a member', () => {
  it('sets nothing in a map, is counted each time, and warned of once', async () => {
    using watch = new Watch();
    await using house = await ClientWorld.start();
    const config = await map(await house.connect('a'), 'config');
    await config.set('k', 1);
    const stranger = await house.connect('evil');
    for (const sequence of [1, 2]) {
      const body = command(77, sequence, { op: 'set', key: 'k', value: 'taken' });
      await stranger.send('config', body, { service: 'agreed' });
    }
    await until(() => watch.dropped.length === 2, 'both to be dropped');
    await until(() => watch.warnings.length > 0, 'the warning');
    expect(config.get('k')).to.equal(1);
    expect(watch.dropped[0]).to.include({ group: 'config', sender: '#evil#d1', reason: 'stranger' });
    expect(watch.warnings).to.deep.equal(['config: ignoring messages of #evil#d1, which is not a member']);
  });

  it('takes no lock, opens no barrier and calls no handler', async () => {
    using watch = new Watch();
    await using house = await ClientWorld.start();
    const a = await house.connect('a');
    const stranger = await house.connect('evil');
    const jobs = await lock(a, 'jobs');
    const gate = await barrier(a, 'gate', { parties: 2 });
    let served = 0;
    await groupRpc(a, 'rpc', { handler: () => ++served });
    const entering = gate.enter().catch(() => 'left');
    await until(() => gate.entered.length === 1, 'the first one');
    await stranger.send('jobs', command(7, 1, { op: 'acquire', instance: 7, request: 1, now: 1 }));
    await stranger.send('gate', command(8, 1, { op: 'enter', instance: 8, parties: 1 }));
    await stranger.send('rpc', new BodyWriter('call', 1).number(5).number(1).data(Buffer.from('1')).finish());
    await until(() => watch.dropped.length === 3, 'all to be dropped');
    expect([jobs.holder, gate.entered.length, served]).to.deep.equal([null, 1, 0]);
    await using held = await jobs.acquire();
    expect(held.token).to.be.above(0);
    await gate.leave();
    expect(await entering).to.equal('left');
  });

  it('of an earlier version is refused with a line that says so', async () => {
    using watch = new Watch();
    await using house = await ClientWorld.start();
    const config = await map(await house.connect('a'), 'config');
    await config.ready();
    const stranger = await house.connect('evil');
    await stranger.send('config', command(77, 1, { op: 'clear' }), { service: 'agreed' });
    await until(() => watch.warnings.length === 1, 'the warning about another reason');
    const old = await house.connect('old');
    await old.join('config');
    const body = Buffer.from(command(1, 1, { op: 'set', key: 'k', value: 1 }));
    body[2] = 1;
    await old.send('config', body, { service: 'agreed' });
    await until(() => watch.warnings.length > 1, 'the warning');
    expect(watch.warnings[1]).to.equal(
      'config: ignoring messages of #old#d1, which runs an incompatible version of ssp-toolkit',
    );
    expect(config.size).to.equal(0);
  });
});

/** A member of the group that runs no recipe. */
async function liarIn(house: ClientWorld, group: string): Promise<Connection> {
  const connection = await house.connect('liar');
  await connection.join(group);
  return connection;
}

describe('a message of a member that does not count', () => {
  it('is counted as malformed, once for each, in every recipe, and warned of once', async () => {
    using watch = new Watch();
    await using house = await ClientWorld.start();
    const a = await house.connect('a');
    await election(a, 'leaders');
    await presence(a, 'room', { metadata: null });
    await groupRpc(a, 'rpc', { handler: () => 1 });
    const config = await map(a, 'config');
    await config.ready();
    const liar = await liarIn(house, 'config');
    for (const group of ['leaders', 'room', 'rpc']) await liar.join(group);
    const damaged = [
      [
        'leaders',
        new BodyWriter('election', 1)
          .groupId([1, 2, 3])
          .number(MAX_TERM + 1)
          .texts([])
          .finish(),
      ],
      ['leaders', new BodyWriter('election', 3).finish()],
      ['room', new BodyWriter('members', 1).number(5).finish()],
      ['room', new BodyWriter('call', 1).finish()],
      ['rpc', new BodyWriter('call', 1).number(5).number(1).number(9).finish()],
      ['rpc', new BodyWriter('call', 9).finish()],
      ['config', Buffer.from('hello')],
      ['config', command(7, 1, { op: 'set' })],
      ['config', command(7, 2, 'x').subarray(0, -1)],
      ['config', command(7, 2, JSON.parse('['.repeat(600) + ']'.repeat(600)))],
    ] as const;
    for (const [group, body] of damaged) await liar.send(group, body, { service: 'agreed' });
    // What is for one member, to all of them; and private messages of which nothing can be read.
    await liar.send('config', encode({ kind: 'none', capture: 'x' }), { service: 'agreed' });
    await liar.sendTo('#a#d1', sealed('config', Buffer.from('hello')));
    await liar.sendTo('#a#d1', sealed('config', Buffer.from('hello')).subarray(0, -1));
    await liar.sendTo('#a#d1', sealed('config', Buffer.alloc(0)));
    const count = damaged.length + 4;
    await until(() => watch.dropped.length >= count, 'all to be counted');
    await delivered(liar);
    expect(watch.dropped.map(({ group, reason }) => `${group} ${reason}`)).to.deep.equal([
      ...damaged.map(([group]) => `${group} malformed`),
      ...Array.from({ length: 4 }, () => 'config malformed'),
    ]);
    expect(watch.warnings).to.have.length(4);
    expect(watch.warnings[3]).to.equal(
      'config: ignoring messages of #liar#d1 that are damaged, or not what this recipe expects',
    );
  });

  it('is counted as unowed when it is private and nobody asked for it', async () => {
    using watch = new Watch();
    await using house = await ClientWorld.start();
    const a = await house.connect('a');
    const config = await map(a, 'config');
    await config.set('k', 1);
    await groupRpc(a, 'rpc');
    const liar = await liarIn(house, 'config');
    await liar.join('rpc');
    const instance = instanceOf(config);
    const place = { capture: '1/1', offset: 0 };
    const unasked: Message[] = [
      { kind: 'pull', ...place, until: 10, restart: true },
      { kind: 'chunk', ...place, isLast: true, data: Buffer.from('{}') },
      { kind: 'none', capture: '1/1' },
      { kind: 'misfit', ask: '', label: 'something else' },
      { kind: 'misfit', ask: `${instance + 1}.1`, label: 'something else' },
      { kind: 'misfit', ask: `${instance}.999`, label: 'something else' },
    ];
    for (const each of unasked) await liar.sendTo('#a#d1', sealed('config', encode(each)));
    const answer = (call: number): Buffer =>
      new BodyWriter('call', 2).number(5).number(call).number(0).data(Buffer.from('1')).finish();
    await liar.sendTo('#a#d1', sealed('rpc', answer(1)));
    await until(() => watch.dropped.length > unasked.length, 'all to be counted');
    expect(watch.dropped.map(({ group, reason }) => `${group} ${reason}`)).to.deep.equal([
      ...unasked.map(() => 'config unowed'),
      'rpc unowed',
    ]);
    expect(watch.warnings).to.deep.equal([
      'config: ignoring private messages of #liar#d1 that this process did not ask for',
      'rpc: ignoring private messages of #liar#d1 that this process did not ask for',
    ]);
    await config.set('k', 2);
    expect(config.get('k')).to.equal(2);
  });

  it('is one that counts for all when it comes privately: else each member could be told something else', async () => {
    using watch = new Watch();
    await using house = await ClientWorld.start();
    const [a, b] = [await house.connect('a'), await house.connect('b')];
    const [first, second] = [await map(a, 'config'), await map(b, 'config')];
    await Promise.all([first.ready(), second.ready()]);
    let served = 0;
    await groupRpc(a, 'rpc', { handler: () => ++served });
    const liar = await liarIn(house, 'config');
    await liar.join('rpc');
    await liar.sendTo('#a#d1', sealed('config', command(9, 1, { op: 'set', key: 'k', value: 'only here' })));
    const request = new BodyWriter('call', 1).number(9).number(1).data(Buffer.from('1')).finish();
    await liar.sendTo('#a#d1', sealed('rpc', request));
    await until(() => watch.dropped.length === 2, 'both to be counted');
    expect([first.size, second.size, served]).to.deep.equal([0, 0, 0]);
    expect(watch.dropped.map(({ reason }) => reason)).to.deep.equal(['malformed', 'malformed']);
  });

  it('is none of what honest members say, also when answers come too late and a state goes from one to another', async () => {
    using watch = new Watch();
    await using house = await ClientWorld.start();
    const [a, b] = [await house.connect('a'), await house.connect('b')];
    const one = await groupRpc(a, 'rpc', { handler: () => 1 });
    let answer: () => void = () => undefined;
    await groupRpc(b, 'rpc', { handler: () => new Promise<void>((resolve) => (answer = resolve)) });
    await one.call('now', { mode: 'first' });
    answer();
    const config = await map(a, 'config');
    await config.set('k', 1);
    const newcomers = await Promise.all([map(b, 'config'), map(await house.connect('c'), 'config')]);
    await Promise.all(newcomers.map((each) => each.ready()));
    await delivered(a);
    expect(watch.dropped).to.deep.equal([]);
  });
});

describe('a group that somebody reads already', () => {
  for (const event of ['event', 'data', 'view'] as const)
    it(`by a listener of ${event} is not for a recipe, which would miss the first view`, async () => {
      await using house = await ClientWorld.start();
      const connection = await house.connect('a');
      const group = await connection.join('config');
      group.on(event, () => undefined);
      const refused: unknown = await map(connection, 'config').catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(IllegalParamError);
    });
});

describe('a member that lies', () => {
  it('cannot put a value into a map that is too deep for the snapshot of newcomers', async () => {
    await using house = await ClientWorld.start();
    const [a, b] = [await house.connect('a'), await house.connect('b')];
    const config = await map(a, 'config');
    await config.ready();
    const liar = await liarIn(house, 'config');
    const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    const body = (sequence: number, levels: number): Uint8Array =>
      command(9, sequence, { op: 'set', key: `k${levels}`, value: JSON.parse(deep(levels)) as unknown });
    await liar.send('config', body(1, 3_000), { service: 'agreed' });
    await liar.send('config', body(2, MAX_COMMAND_DEPTH), { service: 'agreed' });
    await liar.send('config', body(3, MAX_COMMAND_DEPTH - 1), { service: 'agreed' });
    const newcomer = await map(b, 'config');
    await newcomer.ready();
    expect([...newcomer.keys()]).to.deep.equal([`k${MAX_COMMAND_DEPTH - 1}`]);
    const refused: unknown = await config
      .set('k', JSON.parse(deep(MAX_JSON_DEPTH + 1)))
      .catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(IllegalParamError);
    await config.set('k', JSON.parse(deep(MAX_JSON_DEPTH)));
  });

  it('cannot release the lock of another one, whose numbers it knows', async () => {
    await using house = await ClientWorld.start();
    const jobs = await lock(await house.connect('a'), 'jobs');
    const held = await jobs.acquire();
    const liar = await liarIn(house, 'jobs');
    const instance = instanceOf(jobs);
    await liar.send('jobs', command(80, 1, { op: 'release', instance, request: 1 }));
    await liar.send('jobs', command(80, 2, { op: 'begin', instance, now: 1 }));
    await delivered(liar);
    expect([held.signal.aborted, jobs.holder]).to.deep.equal([false, '#a#d1']);
  });

  it('cannot take the place of the next command of another one', async () => {
    await using house = await ClientWorld.start();
    const hits = await counter(await house.connect('a'), 'hits');
    await hits.add(1);
    const liar = await liarIn(house, 'hits');
    await liar.send('hits', command(instanceOf(hits), 2, 1000));
    await delivered(liar);
    expect(await hits.add(1)).to.equal(2);
  });

  it('leads nobody by a term far above all others, and is named in one warning', async () => {
    using watch = new Watch();
    await using house = await ClientWorld.start();
    const first = await election(await house.connect('b'), 'leaders', { silenceTimeoutMs: 50 });
    await first.waitForLeader();
    const second = await election(await house.connect('c'), 'leaders', { silenceTimeoutMs: 50 });
    // The first in the view, and the first that speaks.
    const liar = await house.connect('a');
    const group = await liar.join('leaders');
    group.on('event', (event) => {
      if (event.kind !== 'view') return;
      const claim = new BodyWriter('election', 1).groupId(event.id).number(MAX_TERM).texts([]);
      void liar.send('leaders', claim.finish(), { service: 'safe' });
    });
    await until(() => watch.warnings.length === 2, 'both to warn');
    await until(() => first.leader === '#b#d1' && second.leader === '#b#d1', 'both to follow another one');
    expect(first.term).to.be.below(Date.now() + 86_400_000);
    const last = await house.connect('d');
    await last.join('leaders');
    await until(() => watch.dropped.length === 4, 'the claims of two views');
    expect(watch.dropped[3]).to.include({ group: 'leaders', sender: '#a#d1', reason: 'claim' });
    expect(new Set(watch.warnings)).to.deep.equal(
      new Set([
        'leaders: ignoring the number claimed by #a#d1, which is more than a day above all others: compare the clocks',
      ]),
    );
    expect(watch.warnings).to.have.length(2);
  });

  it('takes no token that is far above what the clocks of the others show', async () => {
    using watch = new Watch();
    await using house = await ClientWorld.start();
    const jobs = await lock(await house.connect('a'), 'jobs');
    const first = await jobs.acquire();
    await first.release();
    const liar = await liarIn(house, 'jobs');
    for (const [i, op] of ['acquire', 'release'].entries())
      await liar.send('jobs', command(81, i + 1, { op, instance: 81, request: 1, now: MAX_TERM }));
    await delivered(liar);
    await using held = await jobs.acquire();
    expect(held.token).to.be.within(first.token + 2, Date.now() + 1000);
    expect(watch.dropped).to.deep.include({
      id: '#a#d1',
      group: 'jobs',
      sender: '#liar#d1',
      reason: 'claim',
    });
  });

  it('stops nobody by a merge that makes no sense', async () => {
    await using house = await ClientWorld.start();
    const troubles: unknown[] = [];
    const machine = {
      reset: () => undefined,
      apply: (text: unknown) => text,
      snapshot: () => Buffer.from('{}'),
      restore: () => undefined,
      merge: (state: Buffer) => void JSON.parse(state.toString()),
    };
    const it = await replicated(await house.connect('a'), 'merging', machine);
    it.on('snapshot-error', (error) => troubles.push(error));
    await it.ready();
    const liar = await liarIn(house, 'merging');
    const data = Buffer.from('neither');
    await liar.send('merging', encode({ kind: 'part', past: 1, index: 0, isLast: true, data }));
    await until(() => troubles.length > 0, 'the machine to say so');
    expect(troubles[0]).to.be.instanceOf(SyntaxError);
    expect(await it.submit('still here')).to.equal('still here');
  });

  it('changes nothing by commands that make no sense', async () => {
    await using house = await ClientWorld.start();
    const a = await house.connect('a');
    const [jobs, gate] = [await lock(a, 'jobs'), await barrier(a, 'gate', { parties: 3 })];
    const first = await jobs.acquire();
    await first.release();
    const liar = await liarIn(house, 'jobs');
    await liar.join('gate');
    const nonsense = [
      { op: 'acquire', instance: 1, request: 1 },
      { op: 'acquire', instance: -1, request: 1, now: 1 },
      { op: 'enter', instance: 81, parties: 0 },
      { op: 'enter', instance: 81, parties: 'many' },
      { op: 'open' },
      null,
      [],
      7,
    ];
    for (const [i, each] of nonsense.entries())
      for (const group of ['jobs', 'gate']) await liar.send(group, command(79, i + 1, each));
    await delivered(liar);
    await using held = await jobs.acquire();
    expect(held.token).to.be.above(first.token);
    expect(Number.isSafeInteger(held.token)).to.equal(true);
    expect(gate.entered).to.deep.equal([]);
  });
});
