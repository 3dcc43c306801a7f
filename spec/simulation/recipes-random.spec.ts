/** Recipes over losses of connections, with the real client in a random world. */
import { expect } from 'chai';
import { givenSeed } from '../support/random.js';
import { profiles, RecipesWorld } from './recipes-world.js';

const STEPS = 40;

describe('simulation: recipes of connections that come back', () => {
  it('have terms and tokens of one member each, and count once, in a random world', async () => {
    const seed = givenSeed();
    const kinds = Object.entries(profiles);
    const [what, profile] = kinds[seed % kinds.length] as (typeof kinds)[0];
    const { violations, losses } = await RecipesWorld.run(seed, profile, STEPS);
    expect(violations, `seed ${seed}, ${what}`).to.deep.equal([]);
    expect(losses, `seed ${seed}, ${what}`).to.be.above(0);
  });
});
