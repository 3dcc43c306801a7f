/** Numbers that members say of themselves, in replicated state: epochs, places of pieces, numbers of processes. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { CallCore } from '../../lib/recipes/core/call.js';
import { BodyWriter } from '../../lib/recipes/core/codec.js';
import {
  CHUNK_BYTES,
  MAX_MERGE_BYTES,
  MAX_PROCESSES,
  MAX_SUBMITTERS,
} from '../../lib/recipes/core/limits.js';
import { BarrierMachine } from '../../lib/recipes/core/machines/barrier.js';
import { LockMachine } from '../../lib/recipes/core/machines/lock.js';
import { decide } from '../../lib/recipes/core/replicated/decision.js';
import { decode, encode, type Statement } from '../../lib/recipes/core/replicated/messages.js';
import { Replica } from '../../lib/recipes/core/replicated/replica.js';
import { Submitters } from '../../lib/recipes/core/replicated/submitters.js';
import { LAST_EPOCH } from '../../lib/primary/ballot.js';
import { Random } from '../support/random.js';
import { ledgers, Replicas } from './replicas.js';
import { type Member, RecipeWorld } from './recipe-world.js';

const DAY = 86_400_000;
const NOW = 1_800_000_000_000;
const [A, B, H] = ['#a#d1', '#b#d2', '#liar#d3'];

const statement = (epoch: number | null, promised: number, tookPart = true): Statement => ({
  label: '',
  state: epoch === null ? null : { lineage: epoch, epoch, position: 1 },
  tookPart,
  promised,
  ask: `asks ${promised}`,
});

describe('an epoch that a member claims', () => {
  const electorate = { quorum: 2, of: 3 };
  const decided = (said: Record<string, Statement>) => {
    const doubted: string[] = [];
    const decision = decide(new Map(Object.entries(said)), electorate, [1, 1, 1], 0, (name) =>
      doubted.push(name),
    );
    return { decision, doubted };
  };

  it('does not count where it is far above all others, and its sender is given the state that continues', () => {
    const { decision, doubted } = decided({
      [A]: statement(5, 5),
      [B]: statement(5, 5),
      [H]: statement(6 + DAY, 6 + DAY),
    });
    expect(doubted).to.deep.equal([H]);
    expect(decision).to.deep.include({ next: 6, holders: [A, B] });
    expect([...(decision?.needy ?? [])]).to.deep.equal([[H, `asks ${6 + DAY}`]]);
  });

  it('does not make a quorum either', () => {
    const { decision, doubted } = decided({ [A]: statement(5, 5), [H]: statement(5, 2 ** 31) });
    expect([decision, doubted]).to.deep.equal([null, [H]]);
  });

  it('counts within that', () => {
    const { decision, doubted } = decided({ [A]: statement(5, 5), [B]: statement(7, 9) });
    expect([decision?.next, decision?.holders, doubted]).to.deep.equal([10, [B], []]);
  });

  it('never leaves a group without writers once it is the last that there is', () => {
    const replicas = new Replicas(ledgers, { quorum: 2 });
    const world = new RecipeWorld(new Random(2));
    const members = ['a', 'b', 'c'].map((name) => world.start(name, replicas.make));
    world.settle();
    for (const member of members.slice(0, 2))
      Object.assign(replicas.of(member).core, { promised: LAST_EPOCH });
    for (let i = 0; i < 3; i++) {
      world.regroup([members.slice(0, 2), members.slice(2)]);
      world.settle();
      const ticket = replicas.submit(members[0] as Member, `x${i}`);
      world.settle();
      expect(replicas.of(members[0]).outcomes.get(ticket)?.kind).to.equal('applied');
      world.regroup([members]);
      world.settle();
      expect(members.map((member) => replicas.of(member).core.isWritable)).to.deep.equal([true, true, true]);
    }
    expect(replicas.of(members[0]).core.epoch).to.equal(LAST_EPOCH);
  });

  it('above the last one makes the message a damaged one', () => {
    const tag = { view: [1, 1, 1] as [number, number, number], round: 0 };
    const said = (epoch: number): unknown =>
      decode(encode({ kind: 'state', tag, statement: statement(epoch, 0), silent: [] }));
    expect([said(LAST_EPOCH) === null, said(LAST_EPOCH + 1)]).to.deep.equal([false, null]);
  });
});

describe('a time that a member claims for a token', () => {
  const acquire = (lock: LockMachine, sender: string, now: number, request = 1): number => {
    const instance = 1;
    lock.apply({ op: 'acquire', instance, request, now }, { sender, index: 0 });
    const { token } = lock;
    lock.apply({ op: 'release', instance, request }, { sender, index: 0 });
    return token;
  };
  const begin = (lock: LockMachine, sender: string, now: number): void =>
    lock.apply({ op: 'begin', instance: 1, now }, { sender, index: 0 });

  /** A lock whose doubts are noted. */
  const watched = (): [LockMachine, string[]] => {
    const lock = new LockMachine();
    const doubted: string[] = [];
    lock.doubted = (member) => doubted.push(member);
    return [lock, doubted];
  };

  it('does not count where it is far above what all others have shown, from the first token on', () => {
    const [lock, doubted] = watched();
    begin(lock, A, NOW);
    begin(lock, B, NOW + 5);
    expect(acquire(lock, H, Number.MAX_SAFE_INTEGER)).to.equal(NOW + 5);
    expect(acquire(lock, A, NOW + 100)).to.equal(NOW + 100);
    expect(doubted).to.deep.equal([H]);
  });

  it('of two is judged by the lower one', () => {
    const [lock] = watched();
    begin(lock, A, NOW);
    expect(acquire(lock, H, NOW + DAY + 1)).to.equal(NOW);
  });

  it('counts whole where nobody has shown another one, and where the others have clocks that were never set', () => {
    const [lock, doubted] = watched();
    expect(acquire(lock, A, NOW)).to.equal(NOW);
    const [other] = watched();
    begin(other, B, 12_000);
    expect(acquire(other, A, NOW)).to.equal(NOW);
    expect(doubted).to.deep.equal([]);
  });

  it('does not count after a long time without use, where the token is one above the last', () => {
    const [lock] = watched();
    expect(acquire(lock, A, NOW)).to.equal(NOW);
    expect(acquire(lock, B, NOW + 9 * DAY)).to.equal(NOW + 1);
  });

  it('leaves tokens that rise whatever the clocks show', () => {
    const [lock] = watched();
    let last = 0;
    for (const [i, hours] of [0, 7, -9, 11, -11, 3, -300, 300].entries()) {
      const token = acquire(lock, [A, B, H][i % 3] as string, NOW + hours * 3_600_000, i);
      expect(token, `${hours} hours`).to.be.above(last);
      last = token;
    }
  });

  it('is forgotten with its member', () => {
    const [lock] = watched();
    begin(lock, A, NOW + 2 * DAY);
    lock.present([B, H]);
    begin(lock, B, NOW);
    expect(acquire(lock, H, NOW + 2 * DAY)).to.equal(NOW);
  });
});

describe('the number of a process', () => {
  it('makes no request of another one the own one', () => {
    const asked: (readonly string[])[] = [];
    const core = new CallCore(A, 7, false, {
      send: () => undefined,
      sendTo: () => undefined,
      request: () => undefined,
      done: (_call, _outcomes, names) => asked.push(names),
      broken: () => undefined,
    });
    const view = (members: readonly string[]): void =>
      core.view({ id: [1, 1, 1], members, cause: 'join', cameWithMe: members }, 0);
    view([A, H]);
    const call = core.call(Buffer.from('q'), 'first', 1000, 0);
    const request = new BodyWriter('call', 1).number(7).number(call).data(Buffer.from('q')).finish();
    core.message(H, request);
    const answer = new BodyWriter('call', 2)
      .number(7)
      .number(call)
      .number(0)
      .data(Buffer.from('lie'))
      .finish();
    core.message(H, answer);
    expect(asked, 'nobody is asked before the request has its place').to.deep.equal([]);
    view([A, B, H]);
    core.message(A, request);
    core.tick(1000);
    expect(asked).to.deep.equal([[A, B, H]]);
  });

  it('gives nobody the place of another one at a barrier, nor its lock', () => {
    const barrier = new BarrierMachine();
    barrier.apply({ op: 'enter', instance: 7, parties: 3 }, { sender: A, index: 0 });
    barrier.apply({ op: 'leave', instance: 7 }, { sender: H, index: 1 });
    expect(barrier.entered).to.deep.equal([A]);
    const lock = new LockMachine();
    lock.apply({ op: 'acquire', instance: 7, request: 1, now: NOW }, { sender: A, index: 0 });
    lock.apply({ op: 'release', instance: 7, request: 1 }, { sender: H, index: 1 });
    lock.apply({ op: 'begin', instance: 7, now: NOW }, { sender: H, index: 2 });
    expect(lock.holder?.member).to.equal(A);
  });

  it('that somebody invents pushes out nobody else', () => {
    const submitters = new Submitters();
    submitters.take(A, 1, 1);
    for (let instance = 1; instance <= 3 * MAX_SUBMITTERS; instance++) submitters.take(H, instance, 1);
    expect(submitters.take(A, 1, 1)).to.equal('old');
    const newest = 3 * MAX_SUBMITTERS;
    expect([submitters.lastOf(H, newest), submitters.lastOf(H, newest - MAX_PROCESSES)]).to.deep.equal([
      1, 0,
    ]);
  });

  it('of one that is not here is forgotten before that of one that is', () => {
    const submitters = new Submitters();
    submitters.take(A, 1, 1);
    for (let i = 0; i <= MAX_SUBMITTERS; i++) submitters.take(`#m${i}#d`, 1, 1);
    submitters.present([A]);
    expect([
      submitters.lastOf(A, 1),
      submitters.lastOf('#m0#d', 1),
      submitters.lastOf('#m1#d', 1),
    ]).to.deep.equal([1, 0, 0]);
    expect(submitters.lastOf('#m2#d', 1)).to.equal(1);
  });
});

describe('a merge', () => {
  function replica(): [Replica, string[]] {
    const merged: string[] = [];
    const machine = {
      reset: () => undefined,
      apply: () => undefined,
      present: () => undefined,
      merge: (state: Buffer) => merged.push(String(state.length)),
    };
    const it = new Replica(A, 1, machine, {
      asked: () => undefined,
      settled: () => undefined,
      merged: () => undefined,
      interrupted: () => undefined,
      malformed: () => undefined,
    });
    it.begin();
    return [it, merged];
  }
  const part = (sender: string, index: number, data: Buffer, isLast = false, past = 1) =>
    ({ kind: 'part', past, index, isLast, data, sender }) as const;
  /** Pieces that are kept. */
  const kept = (it: Replica): number =>
    (it as unknown as { merge: { parts: Buffer[] } | null }).merge?.parts.length ?? 0;

  it('that never ends is given up at its bound', () => {
    const [it, merged] = replica();
    const data = Buffer.alloc(CHUNK_BYTES);
    const most = MAX_MERGE_BYTES / CHUNK_BYTES;
    for (let index = 0; index < 3 * most; index++) {
      it.run(part(H, index, data));
      expect(kept(it)).to.be.most(most);
    }
    it.run(part(B, 0, Buffer.from('mine'), true, 2));
    expect(merged).to.deep.equal(['4']);
  });

  it('of pieces that are nothing is given up at the second', () => {
    const [it, merged] = replica();
    for (let index = 0; index < 100; index++) it.run(part(H, index, Buffer.alloc(0)));
    expect([kept(it), merged]).to.deep.equal([0, []]);
  });
});
