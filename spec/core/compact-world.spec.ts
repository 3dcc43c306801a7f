/** compact lists, ids, hashes, who joined and who left equal those of a plain member of the same daemon. */
import { expect } from 'chai';
import { compactBugs } from './compact-bugs.js';
import { type CompactPlan, CompactWorld, calm, crowded, partitions } from './compact-world.js';

const WORLDS = 20;
/** A bug is to be found in that many. */
const BUG_WORLDS = 60;

describe('core: compact views beside whole ones', () => {
  for (const [name, plan] of [
    ['in a daemon view that stays', calm],
    ['over partitions and merges', partitions],
    ['where groups outgrow whole views', crowded],
  ] as const satisfies readonly (readonly [string, CompactPlan])[]) {
    it(`say the same, ${name}`, () => {
      for (let seed = 1; seed <= WORLDS; seed++)
        expect(new CompactWorld(seed, plan).run().slice(0, 5), `seed ${seed}`).to.deep.equal([]);
    });
  }

  for (const bug of compactBugs) {
    const { name, plan } = bug;
    it(`are found wrong when ${name}`, () => {
      const remove = bug.plant();
      try {
        let seed = 1;
        while (seed <= BUG_WORLDS && isRight(seed, plan)) seed++;
        expect(seed, 'worlds until it is found').to.be.at.most(BUG_WORLDS);
      } finally {
        remove();
      }
    });
  }
});

/** A world that a bug lets fall over is not right. */
function isRight(seed: number, plan: CompactPlan): boolean {
  try {
    return new CompactWorld(seed, plan).run().length === 0;
  } catch {
    return false;
  }
}
