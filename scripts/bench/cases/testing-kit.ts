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

const MANY_DAEMONS = 50;
const MANY_CLIENTS = 1_000;
const MANY_GROUPS = 100;
/** Milliseconds for each step; a busy machine takes long. */
const LIMIT_MS = 300_000;

/** What each step takes, in milliseconds, and the memory of the process at its end, in megabytes. */
async function many(options: ClusterOptions): Promise<Record<string, number>> {
  const times: Record<string, number> = {};
  let start = performance.now();
  const took = (what: string): void => {
    times[`${what}Ms`] = performance.now() - start;
    start = performance.now();
  };
  await using c = await cluster(MANY_DAEMONS, options);
  took('start');
  const numbers = Array.from({ length: MANY_CLIENTS }, (_, i) => i);
  const connections = await Promise.all(numbers.map((i) => c.connect(i % MANY_DAEMONS)));
  const groups = await Promise.all(connections.map((each, i) => each.join(`g${i % MANY_GROUPS}`)));
  for (const group of groups) group.on('event', () => undefined);
  await c.settled(LIMIT_MS);
  took('join');
  const half = Array.from({ length: MANY_DAEMONS / 2 }, (_, i) => i);
  await c.partition([half, half.map((i) => i + MANY_DAEMONS / 2)], { limitMs: LIMIT_MS });
  took('partition');
  await c.heal({ limitMs: LIMIT_MS });
  took('heal');
  return { ...times, megabytes: process.memoryUsage().rss / 2 ** 20 };
}

/** Fifty daemons with a thousand clients: start, joins, a partition into halves, its end. */
export const manyDaemonsCase = (name: string, options: ClusterOptions): Case => ({
  name,
  unit: 'ms',
  first: 1,
  isLong: true,
  async prepare() {
    return {
      subject: {
        pids: [],
        run: async () => {
          const start = performance.now();
          const facts = await many(options);
          return { count: 1, seconds: (performance.now() - start) / 1e3, facts };
        },
      },
      yardstick: null,
      [Symbol.asyncDispose]: async () => undefined,
    };
  },
});
