/** All recipes on simulated daemons: real frames, groups and engines, with everything that can go wrong. */
import { expect } from 'chai';
import { seeds } from '../support/seeds.js';
import { hunt, quickBugs } from './simulation/bugs.js';
import { play } from './simulation/play.js';

const SEEDS = seeds(6, 12);
/** Worlds within which a planted bug is seen. */
const LIMIT = 60;

describe('recipes in the simulator', () => {
  for (const kind of ['ideal', 'cpg'] as const) {
    for (const [title, quorum] of [
      ['a quorum', 3],
      ['components that go on by themselves', null],
    ] as const) {
      it(`keep their promises in some worlds with ${title} (${kind})`, () => {
        for (let seed = 1; seed <= SEEDS; seed++) {
          const prefer = seed % 2 === 0 ? 'oldest' : 'first';
          expect(play(seed, { kind, rules: { quorum, prefer } }), `seed ${seed}`).to.deep.equal([]);
        }
      }).timeout(120_000);
    }
  }

  for (const bug of quickBugs) {
    it(`have a checker that sees a planted bug: ${bug.name}`, () => {
      expect(hunt(bug, LIMIT)).not.to.equal(null);
    }).timeout(120_000);
  }
});
