import { expect } from 'chai';
import { seeds } from '../../support/seeds.js';
import { CompactWorld, type CompactWorldOptions } from './compact-world.js';
import { bugs } from './planted.js';

const profiles: Readonly<Record<string, CompactWorldOptions>> = {
  'of a small group': { steps: 60, others: 6, faults: 0, onDemand: false },
  'of a group of several chunks': { steps: 40, others: 700, faults: 0, onDemand: false },
  'of a group on demand': { steps: 80, others: 30, faults: 0, onDemand: true },
  'of a daemon that says wrong things': { steps: 80, others: 20, faults: 0.3, onDemand: false },
  'on demand, of a daemon that says wrong things': { steps: 80, others: 20, faults: 0.3, onDemand: true },
};

describe('compact views beside plain ones', () => {
  for (const [name, options] of Object.entries(profiles)) {
    it(`are equal in worlds ${name}`, () => {
      let [mismatches, answers] = [0, 0];
      for (let seed = 1; seed <= seeds(10, 250); seed++) {
        const world = new CompactWorld(seed, options).play();
        expect(world.violations, `seed ${seed}`).to.deep.equal([]);
        mismatches += world.mismatches;
        answers += world.answers;
      }
      expect(mismatches > 0, 'wrong lists').to.equal(options.faults > 0);
      expect(answers, 'lists that came without a view').to.be.above(0);
    }).timeout(60_000);
  }

  for (const { name, worlds, plant } of bugs) {
    it(`are not, with ${name}`, () => {
      const isFound = Array.from({ length: 30 }, (_, i) => i + 1).some((seed) => {
        try {
          return new CompactWorld(seed, worlds, plant).play().violations.length > 0;
        } catch {
          return true;
        }
      });
      expect(isFound).to.equal(true);
    });
  }
});
