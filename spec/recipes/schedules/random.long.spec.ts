import { expect } from 'chai';
import { runSeeds } from '../../simulation/pool.js';
import { givenSeed } from '../../support/random.js';
import { seeds } from '../../support/seeds.js';
import { type PlayedSchedule, program } from './worker.js';

const WORLDS = seeds(100, 2000);

describe('random schedules for replicated state: many worlds', () => {
  const from = givenSeed();

  it(`of ${WORLDS} fresh seeds from ${from} break no promise`, async () => {
    const failed: string[] = [];
    let count = 0;
    await runSeeds<PlayedSchedule>({
      program,
      from,
      count: WORLDS,
      workers: 2,
      done({ seed, configuration, fault }) {
        count++;
        if (fault !== null) failed.push(`${configuration}, seed ${seed}: ${fault}`);
      },
    });
    expect(failed).to.deep.equal([]);
    expect(count).to.equal(WORLDS);
  }).timeout(300_000);
});
