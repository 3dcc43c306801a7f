/** View synchrony on simulated daemons: real frames, groups, sessions and engines. */
import { expect } from 'chai';
import { givenSeed } from '../../support/random.js';
import { seeds } from '../../support/seeds.js';
import { playFull } from './full-world.js';

const WORLDS = seeds(3, 30);

describe('view synchrony on simulated daemons', () => {
  const from = givenSeed();

  for (const kind of ['ideal', 'cpg'] as const) {
    it(`keeps every invariant in ${WORLDS} worlds of fresh seeds from ${from} (${kind})`, () => {
      for (let seed = from; seed < from + WORLDS; seed++)
        expect(playFull(seed, kind), `seed ${seed}`).to.deep.equal([]);
    }).timeout(120_000);
  }
});
