import { expect } from 'chai';
import { givenSeed } from '../support/random.js';
import { type Outcome, ResumeWorld } from './resume-world.js';

describe('simulation: connections that come back in random worlds', () => {
  for (const isNumbered of [false, true])
    it(`lose nothing and repeat nothing without a gap, and all come back, ${isNumbered ? 'with' : 'without'} numbers`, async () => {
      const outcomes: Outcome[] = [];
      const first = givenSeed();
      for (let seed = first; seed < first + 4; seed++) {
        const outcome = await ResumeWorld.run(seed, 150, isNumbered);
        expect(outcome.violations, `seed ${seed}`).to.deep.equal([]);
        outcomes.push(outcome);
      }
      const sum = (of: (outcome: Outcome) => number): number =>
        outcomes.reduce((all, each) => all + of(each), 0);
      expect(sum(({ losses }) => losses)).to.be.above(20);
      expect(sum(({ gaps }) => gaps)).to.be.above(10);
      expect(sum(({ messages }) => messages)).to.be.above(100);
    });
});
