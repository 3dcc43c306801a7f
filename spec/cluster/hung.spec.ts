/** A Corosync that hangs below a client which holds a lock and leads, on real nodes. */
import { performance } from 'node:perf_hooks';
import { expect } from 'chai';
import { election } from '../../lib/recipes/election.js';
import { lock } from '../../lib/recipes/lock.js';
import { skipWithoutCluster } from '../support/cluster/available.js';
import { eventually } from '../support/wait.js';
import { ClusterClients, LIMIT, nameAt, Outcome } from './cluster-clients.js';
import { freshRig, TOKEN_MS } from './shared.js';

/** Time within which the holder hears of it. */
const TOLD_MS = 2.2 * TOKEN_MS + 500;

describe('a Corosync that hangs', function () {
  this.timeout(60_000);
  before(skipWithoutCluster);

  it("costs its daemon's clients the lock and the lead before others are granted them, within 2.2 x token + 500 ms", async () => {
    const rig = await freshRig();
    const { cluster, watch } = rig;
    await using company = await ClusterClients.gather(rig);
    const log: string[] = [];
    const told = new Map<string, number>();
    const note = (text: string): void => {
      log.push(text);
      if (!told.has(text)) told.set(text, performance.now());
    };
    const locks = await company.all((connection) => lock(connection, 'hung-lock', { quorum: 2 }));
    const workers = await company.all((connection) => election(connection, 'hung-election', { quorum: 2 }));
    await eventually(
      () => workers.every((each) => each.leader === nameAt(1)),
      'the first one to lead',
      LIMIT,
    );
    // Each has had it, so each has the state for good, and any two of them can go on.
    for (const each of locks) await (await each.acquire()).release();
    const held = await locks[0].acquire();
    held.signal.addEventListener('abort', () => note('lock lost at 1'));
    workers[0].on('leader-lost', () => note('lead lost at 1'));
    workers[1].on('elected', ({ leader }) => note(`${leader} leads`));
    const next = new Outcome(locks[1].acquire());
    void next.promise.then(() => note('lock held at 2'));

    cluster.node(1).running('corosync').freeze();
    const stopped = performance.now();
    const passed = await next.kept('the lock at another member');
    await eventually(() => workers[1].leader === nameAt(2), 'another leader', LIMIT);
    const after = log.slice();
    cluster.node(1).running('corosync').thaw();

    expect(after.slice(0, 2)).to.have.members(['lock lost at 1', 'lead lost at 1']);
    expect(after.slice(2)).to.have.members(['lock held at 2', `${nameAt(2)} leads`]);
    for (const text of after.slice(0, 2)) expect((told.get(text) ?? 0) - stopped, text).to.be.below(TOLD_MS);
    expect(passed.token).to.be.above(held.token);

    await watch.together();
    await eventually(() => workers.every((each) => each.leader === nameAt(1)), 'one leader again', LIMIT);
    await eventually(() => locks.every((each) => each.holder === nameAt(2)), 'one holder', LIMIT);
    expect(passed.signal.aborted).to.equal(false);
    await passed.release();
  });
});
