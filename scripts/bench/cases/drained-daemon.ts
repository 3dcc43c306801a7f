/** Cases of three daemons on Corosync of which one is asked to stop: its clients move, and the traffic continues. */
import { whyNoCluster } from '../../../spec/support/cluster/available.js';
import type { Case, Sample } from '../case.js';
import { now } from '../load/now.js';
import { prepare } from '../prepared.js';
import { Load } from '../processes.js';
import type { DrainingAnswer, DrainingPlan, DrainingRequest } from '../programs/draining.js';
import { sharedCluster, together } from './cluster.js';

/** Members of a group; they are at all daemons. */
const GROUP_SIZE = 10;

/** The clients are spread over the daemons, and a third of them has to move. @param rate messages a second in all */
export function drainedDaemonCase(name: string, clients: number, rate: number): Case {
  return {
    name,
    unit: 'ms',
    first: 1,
    unavailable: whyNoCluster,
    prepare: () =>
      prepare(async (keep) => {
        const cluster = await sharedCluster();
        const addresses = cluster.nodes.map(({ address }) => address);
        const plan: DrainingPlan = { addresses, clients, groupSize: GROUP_SIZE, rate };
        const load = keep(await Load.start<DrainingRequest, DrainingAnswer | null>('draining', plan));
        let drains = 0;
        const run = async (): Promise<Sample> => {
          const node = cluster.nodes[drains++ % cluster.nodes.length];
          if (!node) throw new Error('the cluster has no nodes');
          await load.ask({ what: 'enter' });
          const askedAt = now();
          const ended = node.running('sspd').stop();
          const answer = await load.ask({ what: 'moved', daemon: node.daemon, askedAt });
          await ended;
          node.start('sspd');
          await node.listening();
          await together(cluster);
          if (answer === null) throw new Error('the load program did not answer');
          const { silenceMs, latencies, ...facts } = answer;
          return { count: 1, seconds: silenceMs / 1e3, latencies, facts: { ...facts, silenceMs } };
        };
        // Each daemon of the cluster is another process in each run.
        return { subject: { pids: [], run }, yardstick: null };
      }),
  };
}
