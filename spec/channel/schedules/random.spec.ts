import { expect } from 'chai';
import { seeds } from '../../support/seeds.js';
import { linesOf, playMany, type Shape } from './random-world.js';

const SEED = 200;
const WORLDS = seeds(150, 500);

const shapes: readonly Shape[] = [
  { daemons: 3, connections: 2, areTold: true },
  { daemons: 4, connections: 1, areTold: true },
  { daemons: 3, connections: 1, areTold: false },
];

describe('the registry of channel names in random worlds', () => {
  for (const shape of shapes) {
    const { daemons, connections, areTold } = shape;
    const how = areTold ? 'that are told' : 'that are not told';
    it(`keeps its promises with ${daemons} daemons ${how} and up to ${connections} connections of each`, () => {
      const summary = playMany(shape, SEED, WORLDS);
      expect(linesOf(summary, shape)).to.deep.equal([]);
      expect(summary.grants).to.be.above(WORLDS);
      expect(summary.takenOver).to.be.above(0);
      // Members that return without a gap keep what they own, but where a part that never knew of it takes them in.
      expect(summary.kept).to.be.above(3 + 10 * summary.lost);
    });
  }
});
