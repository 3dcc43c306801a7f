/** The two programs of the guide, many times: nothing is left of a cluster, and one seed gives one run. */
import { expect } from 'chai';
import { cluster, type ClusterOptions } from '../../daemon/testing/index.js';
import { election, lock } from '../../lib/recipes/index.js';
import { seeds } from '../support/seeds.js';

/** @returns its hash, when the network was divided and is whole again */
async function divided(options: ClusterOptions): Promise<string> {
  await using c = await cluster(5, options);
  const connections = await Promise.all([0, 1, 2, 3, 4].map((i) => c.connect(i)));
  const all = await Promise.all(connections.map((each) => election(each, 'lead', { quorum: 3 })));
  const [minority, , majority] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]];
  const first = await minority.waitForLeader();

  await c.partition([
    [0, 1],
    [2, 3, 4],
  ]);
  expect(minority.leader).to.equal(null);
  const next = await majority.waitForLeader();
  expect(next.term).to.be.above(first.term);

  await c.heal();
  await c.until(() => all.every(({ leader }) => leader !== null && leader === minority.leader), 'one leader');
  await c.settled();
  c.check();
  return c.hash;
}

/** @returns its hash, when the frozen holder knows that it has lost the lock */
async function frozen(options: ClusterOptions): Promise<string> {
  await using c = await cluster(3, options);
  const connections = await Promise.all([0, 1, 2].map((i) => c.connect(i)));
  const locks = await Promise.all(connections.map((each) => lock(each, 'printer', { quorum: 2 })));
  const [la, lb] = locks as [(typeof locks)[0], (typeof locks)[0]];
  const held = await la.acquire();
  await c.freeze(0);
  const next = await lb.acquire();
  expect(next.token).to.be.above(held.token);
  expect(held.signal.aborted).to.equal(false);
  await c.thaw(0);
  await c.until(() => held.signal.aborted, 'the old holder to be told');
  await c.settled();
  c.check();
  return c.hash;
}

/** What keeps the process alive, when everything of this turn is over; the runner may have fewer timers later. */
async function alive(): Promise<string[]> {
  await new Promise((resolve) => void setImmediate(resolve));
  return process.getActiveResourcesInfo();
}

describe('testing: the programs of the guide', () => {
  for (const [name, run] of Object.entries({ divided, frozen })) {
    it(`${name}: leaves no handle, in real time`, async () => {
      const before = await alive();
      for (let i = 0; i < seeds(10, 25); i++) await run({});
      const after = await alive();
      for (const each of before) if (after.includes(each)) after.splice(after.indexOf(each), 1);
      expect(after).to.deep.equal([]);
    });

    it(`${name}: gives one hash for one seed, in virtual time`, async () => {
      const hashes = new Set<string>();
      for (let i = 0; i < 10; i++) hashes.add(await run({ time: 'virtual', seed: 7 }));
      expect([...hashes]).to.have.length(1);
      expect([...hashes]).not.to.include(await run({ time: 'virtual', seed: 8 }));
    });

    it(`${name}: also in disorder`, async () => {
      const hashes = new Set<string>();
      for (let i = 0; i < 3; i++)
        hashes.add(await run({ time: 'virtual', seed: 3, disorder: true, delayMs: [1, 30] }));
      expect([...hashes]).to.have.length(1);
    });
  }
});
