import { expect } from 'chai';
import { givenSeed } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { faultsOf } from './pool.js';
import { program, type SeedResult } from './worker.js';

const SEEDS = seeds(60, 300);

describe('simulation: many worlds', () => {
  const from = givenSeed();

  it(`of ${SEEDS} fresh seeds from ${from} violate nothing`, async function () {
    this.timeout(600_000);
    const faults = await faultsOf<SeedResult>(
      { program, from, count: SEEDS },
      ({ seed, violations: [first] }) => (first === undefined ? null : `seed ${seed}: ${first}`),
    );
    expect(faults).to.deep.equal([]);
  });
});
