/**
 * Faults by chance on three real nodes under load, the short form of `npm run cluster:faults`. The seed is printed; SEED in
 * the environment repeats the choices, not the times.
 */
import { expect } from 'chai';
import { skipWithoutCluster } from '../support/cluster/available.js';
import { runFaults } from '../support/cluster/load/run.js';
import { SHORT } from '../support/cluster/random-faults.js';
import { givenSeed } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { freshRig } from './shared.js';

const FAULTS = seeds(10, 20);

describe('faults on three nodes', function () {
  this.timeout(120_000);
  before(skipWithoutCluster);

  it('break no promise, and everybody agrees in the end', async () => {
    const { cluster, watch } = await freshRig();
    const seed = givenSeed();
    const plan = { seed, faults: FAULTS, clientsPerNode: 3, limits: SHORT };
    const { violations, delivered } = await runFaults(cluster, watch, plan);
    expect(violations.slice(0, 20), `SEED=${seed}`).to.deep.equal([]);
    expect(delivered).to.be.greaterThan(0);
  });
});
