import { expect } from 'chai';
import { givenSeed } from '../../support/random.js';
import { seeds } from '../../support/seeds.js';
import { type Profile, profiles } from './profiles.js';
import { type Outcome, ReturnsWorld } from './world.js';

const STEPS = 150;

/** Every other kind of worlds, others each time: all are more than a quick run has time for. */
const turn = givenSeed() % 2;
const chosen = Object.values<Profile>(profiles).filter((_, i) => seeds(0, 1) === 1 || i % 2 === turn);

describe('simulation: connections that come back in worlds of real daemons', () => {
  const outcomes: Outcome[] = [];

  for (const profile of chosen)
    it(`lose nothing without a gap, and repeat nothing, in worlds that are ${profile.name}`, async () => {
      const first = givenSeed();
      for (let seed = first; seed < first + seeds(1, 2); seed++) {
        const outcome = await ReturnsWorld.run(seed, STEPS, profile);
        expect(outcome.violations, `seed ${seed}`).to.deep.equal([]);
        outcomes.push(outcome);
      }
    }).timeout(60_000);

  it('have deaths of daemons, and returns of which most are whole', () => {
    const sum = (of: (outcome: Outcome) => number | undefined): number =>
      outcomes.reduce((all, each) => all + (of(each) ?? 0), 0);
    expect(sum(({ kills }) => kills)).to.be.above(10);
    const whole = sum(({ links }) => links['whole']);
    expect(whole).to.be.above(sum(({ losses }) => losses) / 2);
  });
});
