import { expect } from 'chai';
import { givenSeed } from '../../support/random.js';
import { seeds } from '../../support/seeds.js';
import { linesOf, playMany } from './random-world.js';

/** In all. */
const WORLDS = seeds(300, 1000);
const SHAPES = [2, 3, 4].flatMap((daemons) => [1, 2].map((connections) => ({ daemons, connections })));

describe('the registry of channel names in many random worlds', () => {
  const from = givenSeed();
  const count = Math.ceil(WORLDS / SHAPES.length);

  for (const { daemons, connections } of SHAPES) {
    it(`keeps its promises in ${count} from seed ${from}, with ${daemons} daemons and up to ${connections} connections of each`, () => {
      const shape = { daemons, connections, areTold: true };
      const summary = playMany(shape, from, count);
      expect(linesOf(summary, shape)).to.deep.equal([]);
      expect(summary.memoryLost).to.be.below(count / 10);
    }).timeout(120_000);
  }
});
