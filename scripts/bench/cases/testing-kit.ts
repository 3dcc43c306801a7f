/** Cases of `ssp-toolkit/testing`: a whole test, in this process, once it is warm. */
import { cluster, type ClusterOptions } from '../../../daemon/testing/index.js';
import { type Election, election } from '../../../lib/recipes/index.js';
import type { Case } from '../case.js';

/** Runs that warm up. */
const WARM = 10;

/** Five daemons, an election, a partition, and its end: the first program of the guide to testing. */
async function partition(options: ClusterOptions): Promise<void> {
  await using c = await cluster(5, options);
  const connections = await Promise.all([0, 1, 2, 3, 4].map((daemon) => c.connect(daemon)));
  const all = await Promise.all(connections.map((each) => election(each, 'lead', { quorum: 3 })));
  const [minority, , majority] = all as [Election, Election, Election];
  const { term } = await minority.waitForLeader();
  await c.partition([
    [0, 1],
    [2, 3, 4],
  ]);
  const next = await majority.waitForLeader();
  if (minority.leader !== null || next.term <= term)
    throw new Error('expected a leader of the majority alone');
  await c.heal();
  await c.until(() => all.every(({ leader }) => leader !== null && leader === minority.leader), 'one leader');
}

export const testingKitCase = (name: string, options: ClusterOptions): Case => ({
  name,
  unit: 'ms',
  first: 1,
  async prepare() {
    for (let i = 0; i < WARM; i++) await partition(options);
    return {
      subject: {
        pids: [],
        run: async () => {
          const start = performance.now();
          await partition(options);
          return { count: 1, seconds: (performance.now() - start) / 1e3 };
        },
      },
      yardstick: null,
      [Symbol.asyncDispose]: async () => undefined,
    };
  },
});
