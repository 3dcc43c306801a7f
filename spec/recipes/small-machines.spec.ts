/** Small machines, command by command: what is none, who holds what, and what they tell. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { hash53 } from '../../lib/util/hash.js';
import { IllegalParamError } from '../../lib/errors.js';
import { MAX_TERM } from '../../lib/recipes/core/limits.js';
import { type BarrierCommand, BarrierMachine } from '../../lib/recipes/core/machines/barrier.js';
import { CounterMachine } from '../../lib/recipes/core/machines/counter.js';
import { type LockCommand, LockMachine } from '../../lib/recipes/core/machines/lock.js';
import { MapMachine } from '../../lib/recipes/core/machines/map.js';
import { isCount } from '../../lib/recipes/core/machines/machine.js';

const [A, B, C] = ['#a#d1', '#b#d2', '#c#d3'] as const;
const from = (sender: string) => ({ sender, index: 0 });

async function* pieces(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

describe('a count', () => {
  it('is a whole number from 0 that is exact', () => {
    const values = [0, 1, 2 ** 53 - 1, 2 ** 53, -1, 0.5, NaN, '1', null, undefined];
    expect(values.filter((value) => isCount(value))).to.deep.equal([0, 1, 2 ** 53 - 1]);
  });
});

describe('a small machine', () => {
  it('tells of every change, and has its state from a snapshot in pieces', async () => {
    const counter = new CounterMachine();
    let changes = 0;
    counter.changed = () => void changes++;
    counter.apply(5, from(A));
    expect([changes, counter.snapshot().toString()]).to.deep.equal([1, '5']);
    await counter.restore(pieces('1', '7'));
    expect([changes, counter.value]).to.deep.equal([2, 17]);
    counter.reset();
    expect([changes, counter.value]).to.deep.equal([3, 0]);
    expect(() => counter.apply(0.5, from(A))).to.throw(IllegalParamError);
    expect(changes).to.equal(3);
  });
});

describe('a lock, command by command', () => {
  const acquire = (request: number, instance = 1, now = 1): LockCommand => ({
    op: 'acquire',
    instance,
    request,
    now,
  });

  it('has one place for a request, though that comes twice', () => {
    const lock = new LockMachine();
    for (let i = 0; i < 2; i++) lock.apply(acquire(1), from(A));
    for (let i = 0; i < 2; i++) lock.apply(acquire(1), from(B));
    expect([lock.holder?.member, lock.waiting.map(({ member }) => member)]).to.deep.equal([A, [B]]);
  });

  it('takes no command with a field that is none', () => {
    const lock = new LockMachine();
    for (const command of [
      null,
      {},
      { op: 'begin' },
      { op: 'begin', instance: -1 },
      { op: 'other', instance: 1, request: 1, now: 1 },
      { op: 'acquire', instance: 1, request: 1 },
      { op: 'acquire', instance: 1, request: 1, now: Infinity },
      { op: 'acquire', instance: 1, request: 0.5, now: 1 },
      { op: 'release', instance: 1 },
      { op: 'release', request: 1 },
    ])
      expect(() => lock.apply(command as LockCommand, from(A)), JSON.stringify(command)).to.throw(
        IllegalParamError,
      );
    expect(lock.snapshot().toString()).to.equal('{"token":0,"holder":null,"waiting":[],"clocks":[]}');
  });

  it('passes on in the order of the requests, each with a token of its own', () => {
    const lock = new LockMachine();
    lock.apply(acquire(1, 1, 50), from(A));
    for (const name of [B, C]) lock.apply(acquire(1), from(name));
    lock.apply(acquire(1), from(B));
    expect(lock.waiting.map(({ member }) => member)).to.deep.equal([B, C]);
    const seen = [];
    for (const name of [A, B, C]) {
      seen.push([lock.holder?.member, lock.token]);
      lock.apply({ op: 'release', instance: 1, request: 1 }, from(name));
    }
    expect(seen).to.deep.equal([
      [A, 50],
      [B, 51],
      [C, 52],
    ]);
    expect([lock.holder, lock.token]).to.deep.equal([null, 52]);
  });

  it('knows one request by member, process and number', () => {
    const lock = new LockMachine();
    lock.apply(acquire(1), from(A));
    lock.apply(acquire(2), from(B));
    const knows = (member: string, instance: number, request: number) =>
      lock.knows({ member, instance, request });
    expect([knows(A, 1, 1), knows(B, 1, 2)]).to.deep.equal([true, true]);
    expect([knows(A, 2, 1), knows(A, 1, 2), knows(B, 1, 1), knows(C, 1, 1)]).to.deep.equal([
      false,
      false,
      false,
      false,
    ]);
    lock.apply({ op: 'release', instance: 2, request: 1 }, from(A));
    lock.apply({ op: 'release', instance: 1, request: 1 }, from(B));
    expect(lock.holder?.member).to.equal(A);
    lock.apply({ op: 'release', instance: 1, request: 2 }, from(B));
    expect([lock.holder?.member, lock.waiting.length]).to.deep.equal([A, 0]);
  });

  it('is free of an earlier process of the member that begins, and of members that are gone', () => {
    const lock = new LockMachine();
    let changes = 0;
    for (const [name, instance] of [
      [A, 1],
      [B, 1],
      [A, 2],
      [C, 1],
    ] as const)
      lock.apply(acquire(1, instance), from(name));
    lock.changed = () => void changes++;
    lock.apply({ op: 'begin', instance: 2, now: 0 }, from(A));
    expect([lock.holder?.member, lock.waiting.map(({ member }) => member)]).to.deep.equal([B, [A, C]]);
    lock.present([A, C]);
    expect([lock.holder?.member, lock.waiting.map(({ member }) => member), changes]).to.deep.equal([
      A,
      [C],
      2,
    ]);
    lock.present([A]);
    expect([lock.holder?.member, lock.waiting]).to.deep.equal([A, []]);
  });

  it('has tokens that are whole, and none from a time that is no time', () => {
    for (const [now, token] of [
      [-5, 1],
      [7.9, 7],
      [1e300, MAX_TERM],
    ] as const) {
      const lock = new LockMachine();
      lock.apply(acquire(1, 1, now), from(A));
      expect(lock.token, `${now}`).to.equal(token);
    }
  });
});

describe('a barrier, command by command', () => {
  const enter = (parties: number, instance = 1): BarrierCommand => ({ op: 'enter', instance, parties });

  it('takes no command with a field that is none', () => {
    const barrier = new BarrierMachine();
    for (const command of [
      null,
      {},
      { op: 'enter', instance: 1 },
      { op: 'enter', instance: 1, parties: 0 },
      { op: 'enter', instance: -1, parties: 1 },
      { op: 'leave' },
      { op: 'other', instance: 1, parties: 1 },
    ])
      expect(() => barrier.apply(command as BarrierCommand, from(A)), JSON.stringify(command)).to.throw(
        IllegalParamError,
      );
    expect(barrier.apply({ op: 'leave', instance: 1 }, from(A))).to.equal(0);
  });

  it('opens when all are there, and says how often it had opened before', () => {
    const barrier = new BarrierMachine();
    expect([barrier.apply(enter(2), from(A)), barrier.generation, barrier.entered]).to.deep.equal([
      0,
      0,
      [A],
    ]);
    expect([barrier.apply(enter(2), from(A)), barrier.entered]).to.deep.equal([0, [A]]);
    expect([barrier.apply(enter(2), from(B)), barrier.generation, barrier.entered]).to.deep.equal([0, 1, []]);
    expect([barrier.apply(enter(1), from(C)), barrier.generation]).to.deep.equal([1, 2]);
  });

  it('knows who waits by member and process, until that leaves or is gone', () => {
    const barrier = new BarrierMachine();
    let changes = 0;
    for (const name of [A, B, C]) barrier.apply(enter(9), from(name));
    expect([barrier.knows(A, 1), barrier.knows(A, 2), barrier.knows('#x#d', 1)]).to.deep.equal([
      true,
      false,
      false,
    ]);
    barrier.changed = () => void changes++;
    barrier.apply({ op: 'leave', instance: 1 }, from(B));
    expect(barrier.entered).to.deep.equal([A, C]);
    barrier.present([C]);
    expect([barrier.entered, changes]).to.deep.equal([[C], 2]);
  });
});

describe('a map, command by command', () => {
  class Listener {
    lines: string[] = [];
    set = (key: string, value: unknown): void => void this.lines.push(`set ${key} ${String(value)}`);
    deleted = (key: string, value: unknown): void => void this.lines.push(`deleted ${key} ${String(value)}`);
    replaced = (): void => void this.lines.push('replaced');
  }
  const filled = (): { map: MapMachine<number>; listener: Listener } => {
    const map = new MapMachine<number>();
    for (const [i, key] of ['a', 'b', 'c'].entries()) map.apply({ op: 'set', key, value: i });
    const listener = new Listener();
    map.listener = listener;
    return { map, listener };
  };

  it('sets always, adds where there is none, deletes where there is one, clears what there is', () => {
    const { map, listener } = filled();
    const did = [
      map.apply({ op: 'set', key: 'a', value: 7 }),
      map.apply({ op: 'add', key: 'a', value: 8 }),
      map.apply({ op: 'add', key: 'd', value: 9 }),
      map.apply({ op: 'delete', key: 'b' }),
      map.apply({ op: 'delete', key: 'b' }),
    ];
    expect(did).to.deep.equal([true, false, true, true, false]);
    expect([map.get('a'), map.get('b'), map.has('b'), map.has('d'), map.size]).to.deep.equal([
      7,
      undefined,
      false,
      true,
      3,
    ]);
    expect([map.apply({ op: 'clear' }), map.apply({ op: 'clear' }), map.size]).to.deep.equal([
      true,
      false,
      0,
    ]);
    expect(listener.lines).to.deep.equal(['set a 7', 'set d 9', 'deleted b 1', 'replaced', 'replaced']);
    expect([...map.entries()]).to.deep.equal([]);
  });

  it('takes no key that is no text', () => {
    const { map, listener } = filled();
    for (const op of ['set', 'add', 'delete'] as const)
      expect(() => map.apply({ op, key: 5, value: 1 } as never), op).to.throw(IllegalParamError);
    expect([map.size, listener.lines]).to.deep.equal([3, []]);
  });

  it('takes in whole pieces, and leaves what is none yet', async () => {
    const { map, listener } = filled();
    const bytes = Buffer.concat([...map.snapshot()()]);
    const copy = new MapMachine<number>();
    expect([copy.load(bytes.subarray(0, -1)).length > 0, copy.size < 3]).to.deep.equal([true, true]);
    expect([copy.load(bytes).length, copy.size]).to.deep.equal([0, 3]);
    await map.restore(pieces());
    expect([map.size, listener.lines]).to.deep.equal([0, ['replaced']]);
    const error = await map.restore(cut(bytes)).catch((reason: unknown) => reason);
    expect(error).to.be.an.instanceOf(Error);
  });

  it('changes no snapshot that was taken, and copies a bucket once for it', () => {
    const { map } = filled();
    const before = map.snapshot();
    const bytes = Buffer.concat([...before()]);
    map.apply({ op: 'set', key: 'a', value: 99 });
    map.apply({ op: 'delete', key: 'b' });
    expect(Buffer.concat([...before()])).to.deep.equal(bytes);
    expect(Buffer.concat([...map.snapshot()()])).not.to.deep.equal(bytes);
  });

  it('has all its entries after a snapshot', () => {
    const { map } = filled();
    map.snapshot();
    expect(Object.fromEntries(map.entries())).to.deep.equal({ a: 0, b: 1, c: 2 });
    expect([map.get('b'), map.apply({ op: 'add', key: 'c', value: 9 })]).to.deep.equal([1, false]);
  });

  it('takes no operation that is none', () => {
    const { map } = filled();
    for (const op of ['put', '', undefined])
      expect(() => map.apply({ op, key: 'a', value: 1 } as never)).to.throw(IllegalParamError);
    expect(map.get('a')).to.equal(0);
  });

  it('gives the same bytes for the same entries, those of one bucket by key', () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `k${i}`);
    const same = keys.filter((key) => hash53(key) % 4096 === hash53('k0') % 4096);
    expect(same.length).to.be.above(2);
    for (const order of [same, same.toReversed(), [...same.slice(1), ...same.slice(0, 1)]]) {
      const map = new MapMachine<number>();
      for (const key of order) map.apply({ op: 'set', key, value: 1 });
      const [piece] = [...map.snapshot()()] as [Buffer];
      const entries = JSON.parse(piece.subarray(4).toString()) as [string, number][];
      expect(entries.map(([key]) => key)).to.deep.equal(same.toSorted());
    }
  });
});

describe('the machines of the recipes', () => {
  it('say of what kind they are, and whose error a wrong command is', () => {
    const machines = [new BarrierMachine(), new CounterMachine(), new LockMachine(), new MapMachine()];
    expect(machines.map(({ kind }) => kind)).to.deep.equal(['barrier', 'counter', 'lock', 'map']);
    for (const machine of machines)
      expect(() => machine.apply({ op: 'none' } as never, from(A)))
        .to.throw(IllegalParamError)
        .with.property('name', 'IllegalParamError');
  });
});

async function* cut(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, -1);
}
