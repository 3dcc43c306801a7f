/**
 * Clients at every daemon under faults by chance, until everything is well again. Then the logs are checked, and the
 * clients must agree on who is where: nobody hangs, no member is left that is none.
 */
import { checkers } from '../../../../daemon/testing/checks/all.js';
import type { Checker, SessionLog } from '../../../../daemon/testing/checks/log.js';
import { prefix } from '../../../../daemon/testing/checks/prefix.js';
import { viewIdentity } from '../../../../daemon/testing/checks/view-identity.js';
import { Random } from '../../random.js';
import { eventually } from '../../wait.js';
import type { Cluster } from '../cluster.js';
import { type FaultLimits, RandomFaults } from '../random-faults.js';
import type { Watch } from '../watch.js';
import { LoadClient } from './client.js';
import { RandomClients } from './random-clients.js';
import { oneSideIdentity } from './one-side-identity.js';
import { safePrefix } from './safe-prefix.js';

export interface FaultPlan {
  readonly seed: number;
  readonly faults: number;
  readonly clientsPerNode: number;
  readonly limits: FaultLimits;
  /** Told of each fault. */
  readonly progress?: (count: number, line: string) => void;
}

export interface FaultReport {
  readonly faults: readonly string[];
  readonly sessions: number;
  readonly sent: number;
  readonly delivered: number;
  readonly views: number;
  /** Of those around the load clients. */
  readonly crowd: string;
  /** One line each; none when all is well. */
  readonly violations: readonly string[];
  readonly logs: readonly SessionLog[];
  /** Of the members of view-synchronous and secure groups. */
  readonly memberships: readonly { readonly name: string }[];
}

const SETTLE_LIMIT = 60_000;

/** All that Corosync lets us keep. */
const cut = new Set<Checker>([prefix, viewIdentity]);
const kept: readonly Checker[] = [...checkers.filter((each) => !cut.has(each)), safePrefix, oneSideIdentity];

export async function runFaults(cluster: Cluster, watch: Watch, plan: FaultPlan): Promise<FaultReport> {
  const random = new Random(plan.seed);
  const clients = cluster.nodes.flatMap((node) =>
    Array.from({ length: plan.clientsPerNode }, (_, i) => {
      // One at each daemon wants no membership messages.
      const membership = i !== 1;
      return new LoadClient(node, `c${i}`, membership, new Random(random.below(2 ** 31)));
    }),
  );
  const faults = new RandomFaults(cluster, random, plan.limits);
  const crowd = new RandomClients(cluster, random.fork());
  try {
    for (let i = 0; i < plan.faults; i++) {
      await faults.next();
      plan.progress?.(i + 1, faults.done.at(-1) ?? '');
    }
    await faults.over();
    cluster.restore();
    await watch.together(undefined, SETTLE_LIMIT);
    await Promise.all(clients.map((client) => client.rest()));
    const faulty = await crowd.faults();
    const unsettled = await settled(clients);
    const logs = clients.flatMap(({ sessions }) => sessions.map(({ log }) => log));
    const others = [...faulty, ...unsettled, ...damagesOf(clients)];
    return report(faults.done, logs, crowd, others);
  } finally {
    // Nothing stays frozen that a client waits for.
    cluster.restore();
    await crowd.end();
    await Promise.all(clients.map((client) => client.rest()));
    for (const client of clients) client.end();
  }
}

/** Waits until the clients agree. @returns on what they do not */
async function settled(clients: readonly LoadClient[]): Promise<string[]> {
  let open: string[] = ['nothing was asked'];
  const isSettled = async (): Promise<boolean> => {
    open = await disagreements(clients);
    return open.length === 0;
  };
  await eventually(isSettled, 'agreement', SETTLE_LIMIT).catch((error: Error) => open.push(error.message));
  return open;
}

async function disagreements(clients: readonly LoadClient[]): Promise<string[]> {
  const sessions = clients.flatMap(({ session }) => session ?? []);
  // Everybody hears itself: nobody hangs, and what was in front of that has arrived.
  for (const session of sessions) {
    await eventually(await session.ask(), `${session.log.session} to hear itself`, SETTLE_LIMIT);
  }
  const present = new Set(sessions.map(({ log }) => log.privateGroup));
  const found: string[] = [];
  const seen = new Map<string, { readonly gid: string; readonly who: string }>();
  for (const { log, views } of sessions) {
    for (const [group, { gid, members }] of views) {
      const other = seen.get(group) ?? { gid, who: log.session };
      seen.set(group, other);
      if (other.gid !== gid)
        found.push(`${group}: ${other.who} is in ${other.gid}, ${log.session} in ${gid}`);
      for (const member of members) {
        if (!present.has(member)) found.push(`${group}: ${log.session} sees ${member}, which is gone`);
      }
    }
  }
  return found;
}

const damagesOf = (clients: readonly LoadClient[]): string[] =>
  clients.flatMap(({ sessions }) => sessions.flatMap(({ damages }) => damages));

function report(
  faults: readonly string[],
  logs: readonly SessionLog[],
  crowd: RandomClients,
  others: readonly string[],
): FaultReport {
  const count = (kind: string): number =>
    logs.reduce((sum, { entries }) => sum + entries.filter((entry) => entry.kind === kind).length, 0);
  const violations = kept
    .flatMap((checker) => checker(logs))
    .map(({ property, text }) => `${property}: ${text}`);
  return {
    faults,
    sessions: logs.length,
    sent: count('send'),
    delivered: count('data'),
    views: count('view'),
    crowd: crowd.figures,
    violations: [...others, ...violations],
    logs,
    memberships: crowd.memberships,
  };
}
