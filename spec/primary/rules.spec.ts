import { expect } from 'chai';
import { includesNewest, LAST_EPOCH, nextEpoch, type Testimony } from '../../lib/primary/ballot.js';

const knowing: Testimony = { tookPart: true, epoch: 3, promised: 3 };
/** It took part, and has lost what it knew: a state that it gave up is not replaced yet. */
const empty: Testimony = { tookPart: true, epoch: null, promised: 3 };
const fresh: Testimony = { tookPart: false, epoch: null, promised: 0 };
/** It has been given a state where no epoch formed. */
const given: Testimony = { tookPart: false, epoch: 3, promised: 0 };

describe('the rule that says whether the newest state is here', () => {
  for (const [who, voters, of, quorum, is] of [
    ['two of three that remember', [knowing, knowing], 3, 2, true],
    ['one of three that remembers', [knowing], 3, 2, false],
    ['one that remembers and a new one, of three', [knowing, fresh], 3, 2, false],
    ['one that remembers and one that was given a state, of three', [knowing, given], 3, 2, false],
    ['one that remembers and one that has lost it, of three', [knowing, empty], 3, 2, false],
    ['two new ones of three', [fresh, fresh], 3, 2, true],
    ['two of three that were given a state', [given, given], 3, 2, true],
    ['a new one of three', [fresh], 3, 2, false],
    ['a new one and one that has lost what it knew, of three', [fresh, empty], 3, 2, false],
    ['two of three that have lost what they knew', [empty, empty], 3, 2, false],
    ['all three, whatever they know', [knowing, fresh, empty], 3, 2, true],
    ['three of five that remember', [knowing, knowing, knowing], 5, 3, true],
    ['two of five that remember, and two new ones', [knowing, knowing, fresh, fresh], 5, 3, false],
    ['two of four that remember, with a quorum of three', [knowing, knowing], 4, 3, true],
    ['one of two that remembers, with a quorum of two', [knowing], 2, 2, true],
    ['nobody', [], 3, 2, false],
  ] as const) {
    it(`says ${is ? 'yes' : 'no'} for ${who}`, () => {
      expect(includesNewest(voters, { of, quorum })).to.equal(is);
    });
  }
});

describe('the number of the next epoch', () => {
  it('is above every epoch that was held or voted for', () => {
    expect(nextEpoch([])).to.equal(1);
    expect(nextEpoch([knowing, { ...fresh, promised: 7 }])).to.equal(8);
    expect(nextEpoch([{ ...given, epoch: 9 }, knowing])).to.equal(10);
    expect(nextEpoch([{ ...given, epoch: LAST_EPOCH }]), 'the last one again').to.equal(LAST_EPOCH);
  });
});
