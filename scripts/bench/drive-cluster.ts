/** Load for a cluster: a client at each node, all of which send and receive. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Cluster } from '../../spec/support/cluster/cluster.js';
import type { ClientPlan, ClientResult } from './cluster-client.js';

const client = fileURLToPath(new URL('cluster-client.js', import.meta.url));
const run = promisify(execFile);

export type ClusterLoad = Omit<ClientPlan, 'address' | 'clients'>;

export async function drive(cluster: Cluster, load: ClusterLoad): Promise<ClientResult[]> {
  return await Promise.all(
    cluster.nodes.map(async ({ address }) => {
      const plan: ClientPlan = { ...load, address, clients: cluster.nodes.length };
      const { stdout } = await run(process.execPath, [client, JSON.stringify(plan)]);
      return JSON.parse(stdout) as ClientResult;
    }),
  );
}
