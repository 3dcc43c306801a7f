/** The entries of `ssp-toolkit/keyv`, command by command. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { CacheMachine } from '../../lib/adapters/keyv/machine.js';
import { IllegalParamError } from '../../lib/errors.js';

const apply = (machine: CacheMachine, command: unknown): boolean[] => machine.apply(command as never);
const set = (machine: CacheMachine, ...entries: readonly unknown[]): boolean[] =>
  apply(machine, { op: 'set', entries });
const keysOf = (machine: CacheMachine): string[] => [...machine.entries()].map(([key]) => key).toSorted();

describe('the entries of a cache', () => {
  it('are set, read until they expire, and deleted', () => {
    const cache = new CacheMachine();
    expect(set(cache, ['a', { v: 'A' }], ['b', { v: null, x: 100 }])).to.deep.equal([]);
    expect([cache.get('a', 1e15), cache.get('b', 99), cache.get('b', 100)]).to.deep.equal([
      { v: 'A' },
      { v: null, x: 100 },
      undefined,
    ]);
    expect(apply(cache, { op: 'delete', keys: ['a', 'a', 'b', 'c'] })).to.deep.equal([
      true,
      false,
      true,
      false,
    ]);
    expect(cache.size).to.equal(0);
  });

  it('go when they have expired, and not when they were set again meanwhile', () => {
    const cache = new CacheMachine();
    set(cache, ['old', { v: 1, x: 100 }], ['again', { v: 1, x: 100 }], ['stays', { v: 1 }]);
    set(cache, ['again', { v: 2, x: 300 }]);
    const keys = ['old', 'again', 'stays', 'none'];
    expect(apply(cache, { op: 'expire', keys, now: 200 })).to.deep.equal([true, false, false, false]);
    expect(keysOf(cache)).to.deep.equal(['again', 'stays']);
  });

  it('go with their namespace, and no others', () => {
    const cache = new CacheMachine();
    set(cache, ['a:1', { v: 1 }], ['a:2', { v: 1 }], ['ab:1', { v: 1 }], ['b', { v: 1 }]);
    apply(cache, { op: 'clear', prefix: 'a:' });
    expect(keysOf(cache)).to.deep.equal(['ab:1', 'b']);
    apply(cache, { op: 'clear', prefix: '' });
    expect(keysOf(cache)).to.deep.equal([]);
  });

  for (const command of [
    null,
    'set',
    { op: 'set' },
    { op: 'set', entries: {} },
    { op: 'set', entries: ['a'] },
    { op: 'set', entries: [['a']] },
    { op: 'set', entries: [['a', null]] },
    { op: 'set', entries: [['a', {}]] },
    { op: 'set', entries: [['a', { v: 1, x: '9' }]] },
    { op: 'set', entries: [[1, { v: 1 }]] },
    {
      op: 'set',
      entries: [
        ['a', { v: 1 }],
        ['b', 5],
      ],
    },
    { op: 'delete', keys: 'a' },
    { op: 'delete', keys: [1] },
    { op: 'expire', keys: ['a'] },
    { op: 'expire', keys: ['a'], now: '5' },
    { op: 'clear' },
    { op: 'drop', keys: ['a'] },
  ]) {
    it(`do not change by ${JSON.stringify(command)}`, () => {
      const cache = new CacheMachine();
      expect(() => apply(cache, command)).to.throw(IllegalParamError, 'expected a command of a cache');
      expect(cache.size).to.equal(0);
    });
  }

  it('are the same from a snapshot', async () => {
    const cache = new CacheMachine();
    for (let i = 0; i < 10_000; i++) set(cache, [`key ${i}`, { v: { i }, x: i + 1 }]);
    const pieces = (cache.snapshot() as () => Iterable<Buffer>)();
    const other = new CacheMachine();
    await other.restore(
      (async function* () {
        yield* pieces;
      })(),
    );
    expect(other.size).to.equal(10_000);
    expect(other.get('key 4711', 0)).to.deep.equal({ v: { i: 4711 }, x: 4712 });
    other.reset();
    expect(other.size).to.equal(0);
  });
});
