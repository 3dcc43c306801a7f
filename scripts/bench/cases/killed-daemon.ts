/** Cases of three daemons on Corosync of which one is killed: how long its clients are without events. */
import { whyNoCluster } from '../../../spec/support/cluster/available.js';
import type { Case, Sample } from '../case.js';
import { now } from '../load/now.js';
import { prepare } from '../prepared.js';
import { Load } from '../processes.js';
import type { ReturningAnswer, ReturningPlan, ReturningRequest } from '../programs/returning.js';
import { sharedCluster, together } from './cluster.js';

/** Members of a group; they are at all daemons. */
const GROUP_SIZE = 10;

/** The clients are spread over the daemons, and a third of them has to come back. */
export function killedDaemonCase(name: string, clients: number): Case {
  return {
    name,
    unit: 'ms',
    first: 1,
    unavailable: whyNoCluster,
    prepare: () =>
      prepare(async (keep) => {
        const cluster = await sharedCluster();
        const addresses = cluster.nodes.map(({ address }) => address);
        const plan: ReturningPlan = { addresses, clients, groupSize: GROUP_SIZE };
        const load = keep(await Load.start<ReturningRequest, ReturningAnswer | null>('returning', plan));
        let deaths = 0;
        const run = async (): Promise<Sample> => {
          const node = cluster.nodes[deaths++ % cluster.nodes.length];
          if (!node) throw new Error('the cluster has no nodes');
          await load.ask({ what: 'enter' });
          const killedAt = now();
          await node.running('sspd').kill();
          const answer = await load.ask({ what: 'returned', daemon: node.daemon, killedAt });
          node.start('sspd');
          await node.listening();
          await together(cluster);
          if (answer === null) throw new Error('the load program did not answer');
          const { medianMs, lastMs, latencies, ...facts } = answer;
          return { count: 1, seconds: medianMs / 1e3, latencies, facts: { ...facts, lastMs } };
        };
        // Each daemon of the cluster is another process in each run.
        return { subject: { pids: [], run }, yardstick: null };
      }),
  };
}
