import { expect } from 'chai';
import { givenSeed } from '../../support/random.js';
import { linesOf, playMany } from './random-world.js';

const WORLDS = 1000;

describe('the registry of channel names in many random worlds', () => {
  const from = givenSeed();

  for (const areTold of [true, false]) {
    for (const daemons of areTold ? [2, 3, 4] : [3]) {
      for (const connections of [1, 2]) {
        const how = areTold ? 'that are told' : 'that are not told';
        const who = `${daemons} daemons ${how} and up to ${connections} connections of each`;
        it(`keeps its promises in ${WORLDS} from seed ${from}, with ${who}`, () => {
          const shape = { daemons, connections, areTold };
          const summary = playMany(shape, from, WORLDS);
          expect(linesOf(summary, shape)).to.deep.equal([]);
          expect(summary.memoryLost).to.be.below(WORLDS / 10);
        }).timeout(30_000);
      }
    }
  }
});
