import { expect } from 'chai';
import { groupBugs } from './bugs/groups.js';
import { hunt } from './bugs/planted.js';
import { viewBugs } from './bugs/views.js';

const LIMIT = 200;
const bugs = [...groupBugs, ...viewBugs];

describe('simulation: every planted bug', () => {
  for (const bug of bugs) {
    it(`is caught within ${LIMIT} seeds: ${bug.name}`, function () {
      this.timeout(60_000);
      expect(hunt(bug, LIMIT)).to.not.be.null;
    });
  }

  it('is one of at least 25', () => {
    expect(bugs).to.have.length.of.at.least(25);
  });
});
