import { expect } from 'chai';
import { otherBugs, quickBugs } from './bugs/all.js';
import { groupBugs } from './bugs/groups.js';
import { hunt } from './bugs/planted.js';
import { generate } from './generate.js';
import { run } from './run.js';
import { shrink } from './shrink.js';

const LIMIT = 200;

describe('simulation: a planted bug', () => {
  for (const bug of quickBugs) {
    it(`is caught: ${bug.name}`, function () {
      this.timeout(120_000);
      expect(hunt(bug, LIMIT)).to.not.be.null;
    });
  }

  it('has a method to be planted in, also where only the long spec hunts it', () => {
    for (const bug of otherBugs) expect(() => bug.plant()(), bug.name).not.to.throw();
  });

  it('is gone when it is taken out', () => {
    const [bug] = groupBugs;
    const found = bug && hunt(bug, LIMIT);
    expect(run(generate(found?.seed ?? 0, bug?.choice)).violations).to.deep.equal([]);
  });

  it('can be cut down to a few steps that show it', function () {
    this.timeout(120_000);
    const bug = groupBugs.find(({ name }) => name === 'a discarding sender gets its copy');
    const plan = generate(1, bug?.choice);
    const remove = bug?.plant();
    try {
      const { plan: small } = shrink(plan, 'E1', 300);
      expect(small.steps.length).to.be.below(10);
      expect(run(small).violations.map(({ property }) => property)).to.include('E1');
    } finally {
      remove?.();
    }
  });
});
