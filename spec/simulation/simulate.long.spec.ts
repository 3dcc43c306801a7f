import { expect } from 'chai';
import { givenSeed } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { runSeeds } from './pool.js';
import { program, type SeedResult } from './worker.js';

const SEEDS = seeds(150, 1000);

describe('simulation: many worlds', () => {
  const from = givenSeed();

  it(`of ${SEEDS} fresh seeds from ${from} violate nothing`, async function () {
    this.timeout(600_000);
    const failed: string[] = [];
    let count = 0;
    await runSeeds<SeedResult>({
      program,
      from,
      count: SEEDS,
      workers: 2,
      done({ seed, violations }) {
        count++;
        if (violations.length > 0) failed.push(`seed ${seed}: ${violations[0]}`);
      },
    });
    expect(failed).to.deep.equal([]);
    expect(count).to.equal(SEEDS);
  });
});
