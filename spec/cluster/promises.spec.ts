/** The checker of the recipes' promises on real nodes, on nodes that are none. */
import { expect } from 'chai';
import type { Cluster } from '../support/cluster/cluster.js';
import { Promises } from '../support/cluster/load/promises.js';

const TOKEN = 1000;

interface State {
  readonly isFrozen?: boolean;
  readonly isRunning?: boolean;
  /** Milliseconds since it was frozen or thawed. */
  readonly since?: number;
}

/** Node 1 as given; the other is well. */
function promisesOf(corosync: State, sspd: State = {}): Promises {
  const made = ({ isFrozen = false, isRunning = true, since = 60_000 }: State): object => ({
    isFrozen,
    isRunning,
    changedAt: performance.now() - since,
  });
  const nodes = [
    { corosync: made(corosync), sspd: made(sspd) },
    { corosync: made({}), sspd: made({}) },
  ];
  const node = (number: number): object => ({
    process: (role: 'corosync' | 'sspd') => nodes[number - 1]?.[role],
  });
  return new Promises({ node, settings: { token: TOKEN } } as unknown as Cluster);
}

const hung: State = { isFrozen: true, since: 2 * TOKEN };

describe('the checker of locks and leads', () => {
  it('sees one granted while another, whose Corosync hangs, still has it', () => {
    const promises = promisesOf(hung);
    promises.granted('lock', 'ann', 1);
    promises.granted('lock', 'bob', 2);
    expect(promises.broken).to.deep.equal(['bob has the lock, and ann, whose Corosync hangs, is not told']);
  });

  it('sees a number that two have', () => {
    const promises = promisesOf({});
    promises.numbered('term', 7, 'ann');
    promises.numbered('term', 7, 'ann');
    promises.numbered('token', 7, 'bob');
    expect(promises.broken).to.deep.equal([]);
    promises.numbered('term', 7, 'bob');
    expect(promises.broken).to.deep.equal(['term 7 is that of ann and of bob']);
  });

  it('finds nothing where it was told, or could not be told yet', () => {
    for (const [corosync, sspd] of [
      [{}, {}],
      [{ ...hung, since: TOKEN }, {}],
      [hung, { isFrozen: true }],
      [hung, { since: TOKEN }],
      [{ ...hung, isRunning: false }, {}],
    ] as const) {
      const promises = promisesOf(corosync, sspd);
      promises.granted('lead', 'ann', 1);
      promises.granted('lead', 'bob', 2);
      expect(promises.broken).to.deep.equal([]);
    }
    const promises = promisesOf(hung);
    promises.granted('lead', 'ann', 1);
    promises.lost('lead', 'ann');
    promises.granted('lead', 'bob', 2);
    promises.granted('lock', 'ann', 1);
    expect([promises.broken, promises.grants]).to.deep.equal([[], 3]);
  });
});
