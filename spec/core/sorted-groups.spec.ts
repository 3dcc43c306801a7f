/** Long lists of groups are sorted in pieces, between which other work has its turn. */
import { expect } from 'chai';
import { Group } from '../../daemon/core/group.js';
import { sortedByName } from '../../daemon/core/groups.js';
import { Random } from '../support/random.js';

/** A piece is done in about this many units; a slice has ten thousand. */
const LONGEST = 5000;

/** @returns names in the order that the sort gives, and the units of its pieces */
function sorted(names: readonly string[]): { names: string[]; units: number[] } {
  const work = sortedByName(names.map((name) => new Group(name, [0, 0, 0])));
  const units: number[] = [];
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return { names: value.map(({ name }) => name), units };
    units.push(value);
  }
}

describe('core: groups in byte order of their names', () => {
  const random = new Random(7);
  const named = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${random.below(1_000_000)}.${i}`);

  for (const count of [0, 1, 2, 100, 2048, 2049, 4096, 5000, 6144, 10_000]) {
    it(`are ${count}, whatever their order was`, () => {
      const names = named(count);
      const expected = names.toSorted();
      for (const given of [names, expected, expected.toReversed()]) {
        expect(sorted(given).names).to.deep.equal(expected);
      }
    });
  }

  it('are sorted in pieces, and as they are when they are in order already', () => {
    const names = named(20_000);
    const { units } = sorted(names);
    expect(units.length).to.be.above(20);
    for (const each of units) expect(each).to.be.within(0, LONGEST);
    expect(sorted(names.toSorted()).units).to.have.length(1);
  });
});
