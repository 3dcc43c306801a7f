import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { IllegalParamError } from '../../lib/errors.js';
import { MAX_LOCK_REQUESTS } from '../../lib/recipes/core/limits.js';
import { BarrierMachine } from '../../lib/recipes/core/machines/barrier.js';
import { CounterMachine } from '../../lib/recipes/core/machines/counter.js';
import { LockMachine } from '../../lib/recipes/core/machines/lock.js';
import { MapMachine } from '../../lib/recipes/core/machines/map.js';
import { Random } from '../support/random.js';
import { live, WORLDS } from './random-world.js';
import { Replicas } from './replicas.js';
import { counters } from './simulation/subjects/counter.js';
import type { Member } from './recipe-world.js';

const INFO = { sender: '#a#d', index: 0 };

async function* given(pieces: readonly Uint8Array[]): AsyncGenerator<Buffer, void, void> {
  for (const piece of pieces) yield Buffer.from(piece);
}

describe('a map', () => {
  it('shows in a snapshot what it was when that was taken, whatever comes later', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new Random(seed);
      const map = new MapMachine<number>();
      const change = (): void => {
        const key = `k${random.below(300)}`;
        if (random.chance(0.02)) map.apply({ op: 'clear' });
        else
          map.apply(
            random.chance(0.3) ? { op: 'delete', key } : { op: 'set', key, value: random.below(1000) },
          );
      };
      for (let i = 0; i < 400; i++) change();
      const before = map.snapshot();
      const bytes = Buffer.concat([...before()]);
      const later = before()[Symbol.iterator]();
      const pieces: Buffer[] = [];
      for (let next = later.next(); !next.done; next = later.next()) {
        pieces.push(next.value);
        for (let i = 0; i < 3; i++) change();
      }
      expect(Buffer.concat(pieces).equals(bytes), `seed ${seed}`).to.equal(true);
    }
  });

  it('is restored from pieces of any size, to the same bytes', async () => {
    const map = new MapMachine<string>();
    for (let i = 0; i < 500; i++) map.apply({ op: 'set', key: `key ${i}`, value: 'ä'.repeat(i % 50) });
    for (let i = 0; i < 500; i += 3) map.apply({ op: 'delete', key: `key ${i}` });
    const bytes = Buffer.concat([...map.snapshot()()]);
    const random = new Random(4);
    const cuts: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + random.below(700);
      cuts.push(bytes.subarray(at, end));
      at = end;
    }
    const copy = new MapMachine<string>();
    copy.apply({ op: 'set', key: 'old', value: 'gone' });
    await copy.restore(given(cuts));
    expect(Buffer.concat([...copy.snapshot()()]).equals(bytes)).to.equal(true);
    expect(copy.size).to.equal(map.size);
    expect(copy.has('old')).to.equal(false);
  });

  it('counts its entries', () => {
    const map = new MapMachine<number>();
    map.apply({ op: 'set', key: 'a', value: 1 });
    map.apply({ op: 'set', key: 'a', value: 2 });
    map.apply({ op: 'add', key: 'b', value: 3 });
    expect(map.apply({ op: 'delete', key: 'x' })).to.equal(false);
    expect(map.size).to.equal(2);
    expect([...map.entries()]).to.have.deep.members([
      ['a', 2],
      ['b', 3],
    ]);
  });

  it('takes no entry that a snapshot would not show as it is', () => {
    const map = new MapMachine<unknown>();
    for (const op of ['set', 'add'] as const) {
      expect(() => map.apply({ op, key: 'k', value: undefined })).to.throw(IllegalParamError);
      expect(() => map.apply({ op, key: 5 as never, value: 1 })).to.throw(IllegalParamError);
    }
    for (const command of [
      null,
      7,
      {},
      { op: 'nope', key: 'k' },
      { op: 'delete' },
      { op: 'delete', key: null },
    ])
      expect(() => map.apply(command as never), JSON.stringify(command)).to.throw(IllegalParamError);
    expect(map.size).to.equal(0);
  });
});

describe('a counter', () => {
  it('throws what is no whole number, and a sum that is not exact, and stays as it was', () => {
    const counter = new CounterMachine();
    counter.apply(7, INFO);
    for (const amount of [0.5, NaN, '1', null, undefined, Number.MAX_SAFE_INTEGER])
      expect(() => counter.apply(amount as number, INFO), String(amount)).to.throw(IllegalParamError);
    expect(counter.value).to.equal(7);
  });
});

describe('a lock', () => {
  it('gives tokens that grow, also where clocks differ', () => {
    const lock = new LockMachine();
    lock.apply({ op: 'acquire', instance: 1, request: 1, now: 1000 }, INFO);
    expect(lock.token).to.equal(1000);
    lock.apply({ op: 'acquire', instance: 2, request: 1, now: 10 }, { ...INFO, sender: '#b#d' });
    lock.apply({ op: 'release', instance: 1, request: 1 }, INFO);
    expect(lock.holder?.member).to.equal('#b#d');
    expect(lock.token).to.equal(1001);
  });

  it('has room for a limited number of requests of one member', () => {
    const lock = new LockMachine();
    const asks = (sender: string, request: number): void =>
      lock.apply({ op: 'acquire', instance: 1, request, now: 1 }, { sender, index: 0 });
    asks('#a#d', 1);
    const state = JSON.parse(Buffer.from(lock.snapshot()).toString()) as { holder: object };
    const many = Array.from({ length: MAX_LOCK_REQUESTS - 1 }, (_, i) => ({
      ...state.holder,
      request: i + 2,
    }));
    lock.load(Buffer.from(JSON.stringify({ ...state, waiting: many })));
    expect(() => asks('#a#d', MAX_LOCK_REQUESTS + 1)).to.throw(IllegalParamError, 'at most');
    asks('#b#d', 1);
    expect(lock.waiting).to.have.length(MAX_LOCK_REQUESTS);
  });

  it('takes what a process held from the next of its name', () => {
    const lock = new LockMachine();
    lock.apply({ op: 'acquire', instance: 1, request: 1, now: 1 }, INFO);
    lock.apply({ op: 'begin', instance: 2, now: 10 }, INFO);
    expect(lock.holder).to.equal(null);
  });
});

describe('a state from another member', () => {
  it('that makes no sense is refused, and changes nothing', () => {
    const lock = new LockMachine();
    lock.apply({ op: 'acquire', instance: 1, request: 1, now: 1000 }, INFO);
    const before = Buffer.from(lock.snapshot()).toString();
    const state = JSON.parse(before) as object;
    for (const wrong of [
      null,
      7,
      [],
      {},
      { ...state, token: '1' },
      { ...state, holder: {} },
      { ...state, waiting: [null] },
      { ...state, clocks: undefined },
    ])
      expect(() => lock.load(Buffer.from(JSON.stringify(wrong))), JSON.stringify(wrong)).to.throw(
        IllegalParamError,
      );
    expect(Buffer.from(lock.snapshot()).toString()).to.equal(before);
    expect(() => new CounterMachine().load(Buffer.from('0.5'))).to.throw(IllegalParamError);
    expect(() => new BarrierMachine().load(Buffer.from('{"generation":0}'))).to.throw(IllegalParamError);
  });
});

describe('a counter with a quorum', () => {
  it(`is exact in ${WORLDS} worlds`, () => {
    for (let seed = 1; seed <= WORLDS; seed++) {
      const replicas = new Replicas(counters, { quorum: 3 });
      let sum = 0;
      const world = live(seed, {
        make: replicas.make,
        most: 5,
        closed: true,
        steps: 120,
        act: (member, random) => {
          const amount = 1 + random.below(9);
          sum += amount;
          replicas.submit(member, String(amount));
        },
      });
      const values = world.members.map((member) => replicas.of(member).machine.value);
      expect(new Set(values), `seed ${seed}`).to.deep.equal(new Set([sum]));
    }
  }).timeout(120_000);
});

/** Notes who has the lock whenever that may have changed. */
class WatchedLock extends LockMachine {
  constructor(note: () => void) {
    super();
    this.changed = note;
  }
}

describe('a lock with a quorum', () => {
  it(`is never held twice under one token in ${WORLDS} worlds, nor twice where it can be used`, () => {
    for (let seed = 1; seed <= WORLDS; seed++) {
      const byToken = new Map<number, string>();
      const faults: string[] = [];
      const all: Replicas<WatchedLock>[] = [];
      let requests = 0;
      const look = (): void => {
        for (const { core, machine } of all[0]?.seats.values() ?? []) {
          const { holder, token } = machine;
          if (!core.isWritable || !holder) continue;
          const text = `${holder.member} ${holder.request}`;
          const other = byToken.get(token);
          if (other !== undefined && other !== text) faults.push(`token ${token}: ${other} and ${text}`);
          byToken.set(token, text);
        }
      };
      const replicas = new Replicas<WatchedLock>(
        {
          make: () => new WatchedLock(look),
          save: (machine) => Buffer.from(machine.snapshot()),
          load: (machine, bytes) => machine.load(bytes),
        },
        { quorum: 3 },
      );
      all.push(replicas);
      const held = new Map<Member, number>();
      const world = live(seed, {
        make: replicas.make,
        most: 5,
        closed: true,
        steps: 150,
        act: (member, random) => {
          const request = held.get(member);
          const instance = member.index;
          if (request !== undefined && random.chance(0.6)) {
            held.delete(member);
            replicas.submit(member, JSON.stringify({ op: 'release', instance, request }));
          } else if (request === undefined) {
            held.set(member, ++requests);
            replicas.submit(member, JSON.stringify({ op: 'acquire', instance, request: requests, now: 0 }));
          }
          look();
        },
      });
      expect(faults, `seed ${seed}`).to.deep.equal([]);
      const ends = world.members.map((member) => {
        const { holder, token } = replicas.of(member).machine;
        return `${token} ${holder?.member}`;
      });
      expect(new Set(ends).size, `seed ${seed}`).to.equal(1);
    }
  }).timeout(120_000);
});
