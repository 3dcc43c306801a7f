/** Bugs that are planted in secure groups: each is noticed, by the vectors, in worlds by chance, or in a script. */
import { expect } from 'chai';
import { seeds } from '../support/seeds.js';
import { bugs } from './simulation/bugs.js';
import { playRandom } from './simulation/random-world.js';
import { scripts } from './simulation/scripts.js';
import { vectorFault } from './vector-judges.js';

/** In a share of the worlds a bug is planted in all members, else also in half of them. */
const PLACES: readonly ('all' | 'half')[] = seeds(0, 1) === 0 ? ['all'] : ['all', 'half'];
/** Worlds that are played for a bug, at most. */
const MOST_WORLDS = seeds(60, 1000);

describe('secure groups with a bug', () => {
  it('and without one: the vectors and all scripts hold', () => {
    expect(vectorFault({})).to.equal(null);
    for (const [name, script] of Object.entries(scripts))
      expect(
        script(() => undefined),
        name,
      ).to.equal(null);
  });

  for (const bug of bugs) {
    const { name, vectors, worlds, script, plant, from = 1 } = bug;
    if (vectors)
      it(`"${name}" differ from the vectors`, () => {
        expect(vectorFault(vectors)).to.not.equal(null);
      });

    if (script && plant)
      it(`"${name}" end a script in another way`, () => {
        // A script needs of a member no more than its machine.
        expect(script((target) => plant(target as never))).to.not.equal(null);
      });

    if (worlds)
      for (const where of bug.in ? [bug.in] : PLACES)
        it(`"${name}" in ${where} of the members are noticed in worlds`, () => {
          const found = Array.from({ length: MOST_WORLDS }, (_, i) => from + i).some(
            (seed) => playRandom(seed, worlds, { bug, in: where }).violations.length > 0,
          );
          expect(found).to.equal(true);
        }).timeout(60_000);
  }
});
