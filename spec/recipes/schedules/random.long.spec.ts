import { expect } from 'chai';
import { faultsOf } from '../../simulation/pool.js';
import { givenSeed } from '../../support/random.js';
import { seeds } from '../../support/seeds.js';
import { type PlayedSchedule, program } from './worker.js';

const WORLDS = seeds(100, 1000);

describe('random schedules for replicated state: many worlds', () => {
  const from = givenSeed();

  it(`of ${WORLDS} fresh seeds from ${from} break no promise`, async () => {
    const faults = await faultsOf<PlayedSchedule>(
      { program, from, count: WORLDS },
      ({ seed, configuration, fault }) =>
        fault === null ? null : `${configuration}, seed ${seed}: ${fault}`,
    );
    expect(faults).to.deep.equal([]);
  }).timeout(300_000);
});
