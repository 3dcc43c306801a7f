/** An agreement of three members, interrupted at any step, by any of them, in any way. */
import { expect } from 'chai';
import { Random, givenSeed } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { interruptions, isOverAt, scenarios, STEPS, tryOnce } from './simulation/interruptions.js';

describe('secure groups, interrupted', () => {
  for (const scenario of scenarios) {
    it(`have the key after ${STEPS} steps of a ${scenario}, and not at once`, () => {
      expect(isOverAt(scenario, STEPS)).to.equal(true);
      expect(isOverAt(scenario, 1)).to.equal(false);
    });
  }

  // All that a cut may leave open takes half an hour: the script of the worlds plays that.
  const times = seeds(1, 10);
  const share = seeds(12, 1);

  it(`violate nothing: one in ${share} of the interruptions, ${times} cuts each`, () => {
    const seed = givenSeed();
    const random = new Random(seed);
    let played = 0;
    for (const interruption of interruptions()) {
      if (!random.chance(1 / share)) continue;
      for (let i = 0; i < times; i++) {
        played++;
        expect(tryOnce(interruption, random.fork()), `seed ${seed}`).to.equal(null);
      }
    }
    expect(played).to.be.above(50);
  }).timeout(300_000);
});
