import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { type HashKey, NameTable, type Named, hashName } from '../../daemon/core/name-table.js';
import { isGroupName, nameField } from '../../lib/wire/name.js';
import { cellOf, collidingNames } from '../../scripts/bench/load/colliding-names.js';
import { FIXED_KEY } from '../support/fixed-key.js';

const named = (name: string): Named & { readonly name: string } => ({ name, field: nameField(name) });

/** Few enough names that adding, finding and deleting meet. */
const names = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map((n) => `g${n}`),
  fc.string({ minLength: 1, maxLength: 31, unit: fc.constantFrom('a', 'b', '~') }),
);
const steps = fc.array(fc.tuple(fc.constantFrom('add', 'delete', 'find'), names), { maxLength: 400 });

describe('core: name table', () => {
  it('tells two names apart that have one hash', () => {
    const [a, b] = [named('g26140'), named('g82072')];
    expect(hashName(a.field, 0, FIXED_KEY)).to.equal(hashName(b.field, 0, FIXED_KEY));
    const table = new NameTable<Named>(FIXED_KEY);
    table.add(a);
    expect([table.find(a.field, 0), table.find(b.field, 0)]).to.deep.equal([a, undefined]);
    table.add(b);
    expect([table.find(a.field, 0), table.find(b.field, 0)]).to.deep.equal([a, b]);
  });

  it('answers like a Map under any additions and deletions', () => {
    const property = fc.property(steps, (sequence) => {
      const table = new NameTable<Named & { name: string }>(FIXED_KEY);
      const map = new Map<string, Named & { name: string }>();
      for (const [what, name] of sequence) {
        const known = map.get(name);
        if (what === 'add' && !known) {
          const entry = named(name);
          map.set(name, entry);
          table.add(entry);
        } else if (what === 'delete' && known) {
          map.delete(name);
          table.delete(known);
        }
        expect(table.find(nameField(name), 0)).to.equal(map.get(name));
        expect(table.size).to.equal(map.size);
      }
      for (const [name, entry] of map) expect(table.find(entry.field, 0), name).to.equal(entry);
      expect([...table.values()].map(({ name }) => name).toSorted()).to.deep.equal(
        [...map.keys()].toSorted(),
      );
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('finds a thousand names when nine thousand were deleted', () => {
    const table = new NameTable<Named>(FIXED_KEY);
    const entries = Array.from({ length: 10_000 }, (_, i) => named(`name${i}`));
    for (const entry of entries) table.add(entry);
    for (const [i, entry] of entries.entries()) if (i % 10 !== 0) table.delete(entry);
    const found = entries.map(({ field }) => table.find(field, 0));
    expect(found).to.deep.equal(entries.map((entry, i) => (i % 10 === 0 ? entry : undefined)));
  });

  it('finds a name in the middle of a frame, whatever stands behind its NUL', () => {
    const table = new NameTable<Named>(FIXED_KEY);
    const entry = named('room');
    table.add(entry);
    const frame = Buffer.concat([Buffer.from('....room\0garbage', 'latin1'), Buffer.alloc(32, 0x7a)]);
    expect(table.find(frame, 4)).to.equal(entry);
  });

  it('does not take a name for one that begins the same way', () => {
    const table = new NameTable<Named>(FIXED_KEY);
    table.add(named('room'));
    expect(['roo', 'rooms', ''].map((name) => table.find(nameField(name), 0))).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('tells names apart that have one hash', () => {
    // Found by search: FNV-1a gives the same 32 bits for both.
    const [one, other] = [named('1ec07jx-zzn11v'), named('m6oit6-1ml6mp2')];
    const table = new NameTable<Named>(FIXED_KEY);
    table.add(one);
    expect(table.find(other.field, 0)).to.equal(undefined);
    table.add(other);
    expect([table.find(one.field, 0), table.find(other.field, 0)]).to.deep.equal([one, other]);
    table.delete(one);
    expect([table.find(one.field, 0), table.find(other.field, 0)]).to.deep.equal([undefined, other]);
  });

  it('finds nothing for a field without NUL', () => {
    const table = new NameTable<Named>(FIXED_KEY);
    table.add(named('a'.repeat(31)));
    expect(table.find(Buffer.alloc(32, 'a'), 0)).to.equal(undefined);
  });

  it('deletes nothing for an entry it does not hold', () => {
    const table = new NameTable<Named>(FIXED_KEY);
    const entry = named('room');
    table.add(entry);
    table.delete(named('other'));
    table.delete(named('room'));
    expect([table.size, table.find(entry.field, 0)]).to.deep.equal([1, entry]);
  });
});

describe('core: the hash of names', () => {
  /** The most names in one of as many cells as there are names. */
  function fullest(all: readonly string[], key: readonly [number, number]): number {
    const cells = new Map<number, number>();
    for (const name of all) {
      const cell = (hashName(nameField(name), 0, key) >>> 0) % all.length;
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    }
    return Math.max(...cells.values());
  }

  it('spreads names that were chosen to meet, under any key', () => {
    const chosen = collidingNames(2000);
    expect(new Set(chosen).size).to.equal(2000);
    expect(new Set(chosen.map(cellOf)).size, 'cells by a function without a key').to.equal(1);
    expect(chosen.filter((name) => !isGroupName(name))).to.deep.equal([]);
    for (const key of [FIXED_KEY, [0, 0], [-1, 77]] as const) expect(fullest(chosen, key)).to.be.below(12);
  });

  /** Cells that are looked at to find each name of a table that has them all. */
  function looks(all: readonly string[], key: HashKey): number {
    const table = new NameTable<Named>(key);
    for (const name of all) table.add(named(name));
    const inside = table as unknown as { slots: readonly unknown[] };
    let count = 0;
    inside.slots = new Proxy(inside.slots, {
      get(slots, at) {
        if (at !== 'length') count++;
        return Reflect.get(slots, at) as unknown;
      },
    });
    const found = all.filter((name) => table.find(nameField(name), 0) !== undefined);
    expect(found).to.have.length(all.length);
    return count;
  }

  it('makes a flood of 10,000 chosen names cost at most twice as much as one of ordinary names', () => {
    const chosen = collidingNames(10_000);
    const ordinary = chosen.map((_, i) => `room ${i}`);
    for (const key of [FIXED_KEY, [-1, 77]] as const) {
      const control = looks(ordinary, key);
      expect(control).to.be.at.least(10_000);
      expect(looks(chosen, key)).to.be.at.most(2 * control);
    }
  });

  it('depends on the key, and on the name only', () => {
    const field = Buffer.concat([Buffer.from([1, 2, 3]), nameField('room')]);
    expect(hashName(field, 3, FIXED_KEY)).to.equal(hashName(nameField('room'), 0, FIXED_KEY));
    expect(hashName(field, 3, [1, 2])).not.to.equal(hashName(field, 3, FIXED_KEY));
    expect(hashName(nameField('room'), 0, FIXED_KEY)).not.to.equal(
      hashName(nameField('rooms'), 0, FIXED_KEY),
    );
  });
});
