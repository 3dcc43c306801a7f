import { expect } from 'chai';
import { otherBugs, quickBugs } from './bugs/all.js';
import { hunt } from './bugs/planted.js';

const LIMIT = 200;

describe('simulation: every planted bug that the quick spec leaves out', () => {
  for (const bug of otherBugs) {
    it(`is caught within ${LIMIT} seeds: ${bug.name}`, function () {
      this.timeout(120_000);
      expect(hunt(bug, LIMIT)).to.not.be.null;
    });
  }

  it('is, with those of the quick spec, one of at least 25', () => {
    expect([...otherBugs, ...quickBugs]).to.have.length.of.at.least(25);
  });
});
