import { expect } from 'chai';
import { extendLineage, firstLineage } from '../../lib/primary/lineage.js';
import { hash53 } from '../../lib/util/hash.js';
import type { GroupId } from '../../lib/wire/group-id.js';

const VIEW: GroupId = [1, 2, 3];

describe('the name of a state', () => {
  it('is this number, which members of different releases have to agree on', () => {
    expect([firstLineage(VIEW, 0), extendLineage(7, VIEW, '#a#d1')]).to.deep.equal([
      7530160987113395, 782363879670422,
    ]);
  });

  it('differs by view, round and side', () => {
    const names = [
      firstLineage(VIEW, 0),
      firstLineage(VIEW, 1),
      firstLineage([1, 2, 4], 0),
      extendLineage(7, VIEW, '#a#d1'),
      extendLineage(8, VIEW, '#a#d1'),
      extendLineage(7, [1, 2, 4], '#a#d1'),
      extendLineage(7, VIEW, '#b#d1'),
    ];
    expect(new Set(names).size).to.equal(names.length);
  });

  it('is a number that keeps all of its digits', () => {
    for (let i = 0; i < 100; i++)
      expect(Number.isSafeInteger(hash53(`${i}`)) && hash53(`${i}`) >= 0).to.equal(true);
  });
});
