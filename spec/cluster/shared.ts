/** One rig for all specs on three nodes: started when the first of them needs it, taken down after the last. */
import { Cluster } from '../support/cluster/cluster.js';
import { SSPD_PORT } from '../support/cluster/settings.js';
import { Watch } from '../support/cluster/watch.js';

/** Half of Corosync's own default, so that a lost node is noticed in about a second. */
export const TOKEN_MS = 500;

export interface Rig {
  readonly cluster: Cluster;
  readonly watch: Watch;
}

let starting: Promise<Rig> | null = null;

async function start(): Promise<Rig> {
  const cluster = await Cluster.start({
    nodes: 3,
    token: TOKEN_MS,
    configuration: `Announce = "${SSPD_PORT}@%a"`,
  });
  const watch = new Watch(cluster);
  await watch.together();
  return { cluster, watch };
}

/** The rig in a daemon view that no spec has used: so the counters of group ids begin at 1 [daemon 2.4]. */
export const freshRig = (): Promise<Rig> => ready(renew);

/** The rig with everything as at the start, maybe in the daemon view that the spec before has left: so it takes no restart. */
export const sharedRig = (): Promise<Rig> => ready(restore);

async function ready(prepare: (rig: Rig) => Promise<void>): Promise<Rig> {
  starting ??= start();
  const rig = await starting;
  try {
    await prepare(rig);
    return rig;
  } catch {
    // A spec that failed has left it so that it does not come together any more. That is told there; here a new one is
    // due.
    await stop(rig);
    starting = start();
    return await starting;
  }
}

async function restore({ cluster, watch }: Rig): Promise<void> {
  cluster.restore();
  await watch.together();
}

async function renew(rig: Rig): Promise<void> {
  await restore(rig);
  const { cluster, watch } = rig;
  const last = cluster.nodes.length;
  await cluster.node(last).running('sspd').stop();
  await watch.together(cluster.nodes.slice(0, -1).map(({ number }) => number));
  cluster.node(last).start('sspd');
  await watch.together();
}

async function stop({ cluster, watch }: Rig): Promise<void> {
  await watch.stop();
  await cluster.stop();
}

after(async () => {
  const rig = await starting?.catch(() => null);
  if (rig) await stop(rig);
});
