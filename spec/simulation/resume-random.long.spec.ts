import { expect } from 'chai';
import { givenSeed } from '../support/random.js';
import { huntFrom, seeds } from '../support/seeds.js';
import { resumeBugs } from './bugs/resume.js';
import { ResumeWorld } from './resume-world.js';

/** Worlds that a planted bug may take to be seen. */
const LIMIT = 100;
const WORLDS = seeds(10, 40);

describe('simulation: connections that come back in many random worlds', () => {
  for (const isNumbered of [false, true])
    it(`lose nothing and repeat nothing without a gap, and all come back, ${isNumbered ? 'with' : 'without'} numbers`, async () => {
      const first = givenSeed();
      for (let seed = first; seed < first + WORLDS; seed++)
        expect((await ResumeWorld.run(seed, 200, isNumbered)).violations, `seed ${seed}`).to.deep.equal([]);
    }).timeout(120_000);

  for (const bug of resumeBugs) {
    it(`show a planted bug: ${bug.name}`, async () => {
      const remove = bug.plant();
      try {
        const from = huntFrom(bug.seed);
        for (let seed = from; seed < from + LIMIT; seed++)
          if ((await ResumeWorld.run(seed, 150, bug.isNumbered ?? false)).violations.length > 0) return;
        expect.fail(`not seen in ${LIMIT} worlds`);
      } finally {
        remove();
      }
    }).timeout(60_000);
  }
});
