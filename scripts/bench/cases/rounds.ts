/** Probes of clusters whose programs send to all and receive from all; see `load/round`. */
import type { Cluster } from '../../../spec/support/cluster/cluster.js';
import type { Probe, Sample } from '../case.js';
import type { RoundAnswer, RoundRequest } from '../load/round.js';
import type { Keep } from '../prepared.js';
import { Load } from '../processes.js';
import type { CpgMemberPlan } from '../programs/cpg-member.js';
import type { WindowClientPlan } from '../programs/window-client.js';

export interface RoundLoad {
  readonly size: number;
  /** Messages of a program under way. */
  readonly window: number;
  /** Time for which all send. */
  readonly seconds: number;
}

type Program = Load<RoundRequest, RoundAnswer>;

/** Groups of Corosync so far: each probe has one of its own. */
let groups = 0;

/** Corosync alone: a program at each node in the place of daemon and client. */
export async function cpgProbe(
  keep: Keep,
  cluster: Cluster,
  { size, window, seconds }: RoundLoad,
): Promise<Probe> {
  const group = `bench-${++groups}`;
  const plan: CpgMemberPlan = { group, members: cluster.nodes.length, size, window };
  const programs = await Promise.all(
    cluster.nodes.map(async (node) => {
      const line = node.inside(process.execPath);
      return keep(await Load.start<RoundRequest, RoundAnswer>('cpg-member', plan, [], line));
    }),
  );
  return roundProbe(
    programs,
    cluster.nodes.map((node) => node.running('corosync').pid),
    seconds,
  );
}

/** Bare clients with a write for each message, one at each daemon. */
export async function windowProbe(
  keep: Keep,
  cluster: Cluster,
  { size, window, seconds }: RoundLoad,
): Promise<Probe> {
  const clients = cluster.nodes.length;
  const programs = await Promise.all(
    cluster.nodes.map(async ({ host, port }, index) => {
      const target = { kind: 'daemon', host, port } as const;
      const plan: WindowClientPlan = { target, size, window, clients, index };
      return keep(await Load.start<RoundRequest, RoundAnswer>('window-client', plan));
    }),
  );
  return roundProbe(
    programs,
    cluster.nodes.map((node) => node.running('sspd').pid),
    seconds,
  );
}

function roundProbe(programs: readonly Program[], pids: readonly number[], seconds: number): Probe {
  return {
    pids,
    async run(): Promise<Sample> {
      const answers = await Promise.all(programs.map((program) => program.ask({ seconds })));
      const count = answers.reduce((sum, { sent }) => sum + sent, 0);
      const lost = answers.reduce((sum, { received }) => sum + count - received, 0);
      return { count, seconds: Math.max(...answers.map((answer) => answer.seconds)), facts: { lost } };
    },
  };
}
