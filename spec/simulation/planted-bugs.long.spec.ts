import { expect } from 'chai';
import { otherBugs, quickBugs } from './bugs/all.js';
import { givenSeed } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { hunt } from './bugs/planted.js';

const LIMIT = 200;
/** An ordinary run plays one of this many, other ones each time. */
const STEP = seeds(3, 1);
const turn = givenSeed() % STEP;

describe('simulation: planted bugs that the quick spec leaves out', () => {
  for (const bug of otherBugs.filter((_, i) => i % STEP === turn)) {
    it(`is caught within ${LIMIT} seeds: ${bug.name}`, function () {
      this.timeout(120_000);
      expect(hunt(bug, LIMIT)).to.not.be.null;
    });
  }

  it('is, with those of the quick spec, one of at least 25', () => {
    expect([...otherBugs, ...quickBugs]).to.have.length.of.at.least(25);
  });
});
