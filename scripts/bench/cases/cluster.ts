/** Cases of three daemons on Corosync, each on a node of its own, with one client each, all sending and receiving. */
import { whyNoCluster } from '../../../spec/support/cluster/available.js';
import { Cluster } from '../../../spec/support/cluster/cluster.js';
import { Watch } from '../../../spec/support/cluster/watch.js';
import type { Case, Prepared, Probe, Sample, Settings } from '../case.js';
import { drive } from '../drive-cluster.js';
import { type Keep, prepare } from '../prepared.js';
import { cpgProbe, windowProbe } from './rounds.js';

const NODES = 3;
/** Bytes of a client's frames under way. */
const WINDOW_BYTES = 720_000;
/** What a frame to one group has besides its body. */
const FRAME_BYTES = 80;

/** One for all cases: to bring it up takes longer than to measure. */
let shared: Promise<Cluster> | null = null;

async function start(): Promise<Cluster> {
  const cluster = await Cluster.start({ nodes: NODES });
  await together(cluster);
  return cluster;
}

/** Resolves when all its daemons are in one view. */
export async function together(cluster: Cluster): Promise<void> {
  const watch = new Watch(cluster);
  await watch.together();
  await watch.stop();
}

export const sharedCluster = (): Promise<Cluster> => (shared ??= start());

/** Rounds of a second, and messages, until a daemon that has just started has compiled what runs often. */
const WARM_UP = { rounds: 15, messages: 200_000 };
let warming: Promise<void> | null = null;

/** The shared cluster, with daemons that are warm, but for a quick bench. */
async function warmCluster({ quick }: Settings): Promise<Cluster> {
  const cluster = await sharedCluster();
  if (!quick) await (warming ??= warmUp(cluster));
  return cluster;
}

async function warmUp(cluster: Cluster): Promise<void> {
  await using load = await prepare(async (keep) => ({
    subject: await windowProbe(keep, cluster, { size: 100, window: 200, seconds: 1 }),
    yardstick: null,
  }));
  let messages = 0;
  for (let i = 0; i < WARM_UP.rounds && messages < WARM_UP.messages; i++)
    messages += (await load.subject.run(1)).count;
}

/** Takes down the cluster, if there is one. */
export async function endCluster(): Promise<void> {
  const cluster = await shared?.catch(() => null);
  await cluster?.stop();
}

/** A client at each daemon, all of which send and receive. @param load its rate is 0 for as many as go */
export function clusterProbe(
  cluster: Cluster,
  load: { readonly service: number; readonly size: number; readonly rate: number },
  { seconds }: Settings,
): Probe {
  return {
    pids: cluster.nodes.map((node) => node.running('sspd').pid),
    async run(): Promise<Sample> {
      const window = windowOf(load.size);
      const clients = await drive(cluster, { ...load, seconds, window });
      const sent = clients.reduce((sum, client) => sum + client.sent, 0);
      const lost = clients.reduce((sum, { received }) => sum + sent - received, 0);
      // What the slowest client sees.
      const slowest = clients.toSorted((a, b) => b.latency.median - a.latency.median)[0];
      const took = Math.max(...clients.map((client) => client.seconds));
      return { count: sent, seconds: took, latencies: slowest?.latencies ?? null, facts: { lost } };
    },
  };
}

/** Messages of a client under way. */
const windowOf = (size: number): number => Math.floor(WINDOW_BYTES / (size + FRAME_BYTES));

type Measured = Pick<Prepared, 'subject' | 'yardstick'>;

/** A case of the shared cluster. */
const onCluster = (
  name: string,
  probes: (keep: Keep, cluster: Cluster, settings: Settings) => Promise<Measured>,
): Case => ({
  name,
  unit: 'messages/s',
  first: 1,
  unavailable: whyNoCluster,
  prepare: (settings) => prepare(async (keep) => await probes(keep, await warmCluster(settings), settings)),
});

/**
 * The yardstick is Corosync alone, with payloads like those of the daemons.
 * @param rate messages a second of each client; 0 for as many as go
 */
export const clusterCase = (name: string, service: number, size: number, rate: number): Case =>
  onCluster(name, async (keep, cluster, settings) => {
    const load = { size, window: windowOf(size), seconds: settings.seconds };
    return {
      subject: clusterProbe(cluster, { service, size, rate }, settings),
      // A rate that is given needs no yardstick.
      yardstick: rate > 0 ? null : await cpgProbe(keep, cluster, load),
    };
  });

/** Clients that gather nothing: a write for each message, and that many under way. */
export const windowCase = (name: string, size: number, window: number): Case =>
  onCluster(name, async (keep, cluster, { seconds }) => {
    const load = { size, window, seconds };
    return {
      subject: await windowProbe(keep, cluster, load),
      yardstick: await cpgProbe(keep, cluster, load),
    };
  });
