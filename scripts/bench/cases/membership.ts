/** Cases of groups that change. */
import type { Case } from '../case.js';
import { prepare } from '../prepared.js';
import { Load, Server } from '../processes.js';
import type { CrowdAnswer, CrowdPlan, CrowdRequest } from '../programs/crowd.js';
import { memory } from '../usage.js';

const MIB = 1024 * 1024;

/** How members receive changes, and how many changes are under way. */
type Form = Pick<CrowdPlan, 'isCompact' | 'window'>;

/** One session joins and leaves a group that has `others` besides, all of which hear of it. */
export function churnCase(name: string, others: number, form: Form = {}): Case {
  const listening = others;
  return {
    name,
    unit: 'changes/s',
    first: 4,
    prepare: ({ daemonOptions }) =>
      prepare(async (keep) => {
        const server = keep(await Server.daemon(daemonOptions));
        const plan: CrowdPlan = { port: server.port, connections: others, listening, ...form };
        const load = keep(await Load.start<CrowdRequest, CrowdAnswer>('crowd', plan));
        await load.ask({ what: 'enter' });
        const subject = {
          pids: [server.pid],
          run: async (changes: number) => ({
            count: changes,
            ...(await load.ask({ what: 'churn', changes })),
          }),
        };
        return { subject, yardstick: null };
      }),
  };
}

/** A group grows from nothing to this size and is left again; `listening` of its members receive the changes. */
export function fillingCase(name: string, connections: number, listening: number, form: Form = {}): Case {
  return {
    name,
    unit: 'changes/s',
    first: 1,
    runs: 5,
    prepare: ({ daemonOptions }) =>
      prepare(async (keep) => {
        const server = keep(await Server.daemon(daemonOptions));
        const plan: CrowdPlan = { port: server.port, connections, listening, ...form };
        const load = keep(await Load.start<CrowdRequest, CrowdAnswer>('crowd', plan));
        const run = async () => {
          const entering = await load.ask({ what: 'enter' });
          const leaving = await load.ask({ what: 'exit' });
          const facts = { leaveSeconds: leaving.seconds, memoryAfterMiB: (memory(server.pid) ?? 0) / MIB };
          return { count: connections, seconds: entering.seconds, facts };
        };
        return { subject: { pids: [server.pid], run }, yardstick: null };
      }),
  };
}
