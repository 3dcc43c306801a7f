import { expect } from 'chai';
import { faultsOf } from '../simulation/pool.js';
import { givenSeed } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { hunt, otherBugs } from './simulation/bugs.js';
import { atTheEnd } from './simulation/trust-bugs.js';
import { play } from './simulation/play.js';
import { LedgerSubject } from './simulation/subjects/ledger.js';
import { type Played, program } from './simulation/worker.js';

const SEEDS = seeds(25, 250);
/** Worlds within which a planted bug is seen. */
const LIMIT = 300;

describe('recipes in the simulator: many worlds', () => {
  const from = givenSeed();

  it(`of ${SEEDS} fresh seeds from ${from} break no promise of any recipe`, async () => {
    const faults = await faultsOf<Played>({ program, from, count: SEEDS }, ({ seed, faults: [first] }) =>
      first === undefined ? null : `seed ${seed}: ${first}`,
    );
    expect(faults).to.deep.equal([]);
  }).timeout(600_000);

  it('leave no group without a leader when two liars have taken terms to their end', () => {
    for (let seed = 1; seed <= SEEDS; seed++) expect(play(seed, atTheEnd), `seed ${seed}`).to.deep.equal([]);
  }).timeout(120_000);

  for (const kind of ['ideal', 'cpg'] as const) {
    it(`replicas have equal bytes after ten thousand commands (${kind})`, () => {
      const rules = { quorum: 3 };
      const ledger = new LedgerSubject(rules);
      expect(play(4, { kind, rules, burst: 60, subjects: () => [ledger] })).to.deep.equal([]);
      expect(ledger.applied).to.be.least(10_000);
    }).timeout(120_000);
  }

  for (const bug of otherBugs) {
    it(`have a checker that sees a planted bug: ${bug.name}`, () => {
      expect(hunt(bug, LIMIT)).not.to.equal(null);
    }).timeout(120_000);
  }
});
