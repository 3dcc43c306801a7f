/** View synchrony over one cut, with every choice that a cut leaves open. */
import { expect } from 'chai';
import { Random, givenSeed } from '../../support/random.js';
import { seeds } from '../../support/seeds.js';
import { playScene, scenesOf } from './small-world.js';

const SCENES = seeds(2, 40);

describe('view synchrony over every cut into two of a joining group', () => {
  const from = givenSeed();

  it(`keeps every invariant in ${SCENES} scenes by seed ${from}, whatever a cut leaves open`, () => {
    const scenes = scenesOf(2);
    expect(scenes).to.have.length(144);
    const random = new Random(from);
    for (let i = 0; i < SCENES; i++) {
      const { worlds, faults } = playScene(random.pick(scenes), i % 10 === 9);
      expect(faults).to.deep.equal([]);
      expect(worlds).to.be.above(10);
    }
  }).timeout(300_000);
});
