/** A test of a user finds each of many bugs that are planted in the daemons, by chance, and finds none where there is none. */
import { expect } from 'chai';
import { huntFrom } from '../support/seeds.js';
import { hunt, outcome, planted, shownBy } from './planted.js';

const LIMIT = 200;

describe('testing: a planted bug', function () {
  this.timeout(600_000);

  it('is one of twenty', () => {
    expect(Object.keys(planted).length).to.be.at.least(20);
    expect(planted).to.include.all.keys(Object.keys(shownBy));
  });

  for (const [name, plant] of Object.entries(planted)) {
    it(`is caught: ${name}`, async () => {
      const seed = await hunt(plant, LIMIT, huntFrom(shownBy[name]));
      expect(seed).not.to.equal(null);
      // It is the bug that was caught.
      expect(await outcome(seed ?? 0)).to.equal(null);
    });
  }
});
