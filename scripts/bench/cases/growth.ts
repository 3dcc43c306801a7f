/**
 * Cases of how cost grows: the same work beside more and more of something. A point of a curve is a case, and its cost is the
 * daemon's processor time for each message or view, which other work on the machine changes little.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { whyNoCluster } from '../../../spec/support/cluster/available.js';
import { Cluster } from '../../../spec/support/cluster/cluster.js';
import type { Case, Point, Probe, Settings } from '../case.js';
import { folder, type Keep, prepare } from '../prepared.js';
import { Load, Server } from '../processes.js';
import type { CrowdAnswer, CrowdPlan, CrowdRequest } from '../programs/crowd.js';
import type { ReceiverAnswer, ReceiverPlan, ReceiverRequest } from '../programs/receiver.js';
import { cpuSeconds } from '../usage.js';
import { clusterProbe, together } from './cluster.js';
import { type Flow, flowThrough, oneToOne } from './flow.js';

/** The curves, by the names that pages know them by. */
export const CURVES = {
  messageMembers: 'message, members of its group',
  messageGroups: 'message, groups at the daemon',
  messageSessions: 'message, idle sessions at the daemon',
  messageBytes: 'message, bytes of its body',
  messageDaemons: 'message, daemons in the cluster',
  viewMembers: 'view, members of its group',
  compactMembers: 'compact view, members of its group',
  viewGroups: 'view, groups at the daemon',
  viewSessions: 'view, idle sessions at the daemon',
} as const;

/** Most groups of one session. */
const GROUPS_OF_SESSION = 10_000;
const RUNS = 3;

/** The largest crowd is as large as the default, and one session comes on top. */
const CONFIGURATION = `
Spread_Segment 127.0.0.255:4899 { bench 127.0.0.1 }
MaxSessions = 12000
`;

const powers = (largest: number): readonly number[] =>
  Array.from({ length: Math.round(Math.log10(largest)) + 1 }, (_, i) => 10 ** i);

const whyNoTimes = (): string | null =>
  cpuSeconds(process.pid) === null ? 'processor times are read from /proc, which Linux has' : null;

type Making = (keep: Keep, server: Server) => Promise<Probe>;

/** @param first what the first run is given to do */
function pointCase(point: Point, unit: Case['unit'], first: number, make: Making): Case {
  return {
    name: `growth ${point.curve} ${point.n}`,
    unit,
    first: Math.max(2, Math.round(first)),
    runs: RUNS,
    isOnRequest: true,
    point,
    unavailable: whyNoTimes,
    prepare: (settings) =>
      prepare(async (keep) => {
        const file = join(folder(keep), 'spread.conf');
        writeFileSync(file, CONFIGURATION);
        const args = ['-c', file, '-n', 'bench'];
        const server = keep(await Server.daemon(settings.daemonOptions, ...args));
        return { subject: await make(keep, server), yardstick: null };
      }),
  };
}

/** Messages count, however many members get each. */
async function messages(keep: Keep, { pid, port }: Server, differences: Partial<Flow>): Promise<Probe> {
  const flow = { ...oneToOne, ...differences };
  const probe = await flowThrough(keep, pid, { kind: 'daemon', port }, flow);
  return {
    pids: probe.pids,
    run: async (count) => ({ seconds: (await probe.run(count)).seconds, count }),
  };
}

/** A session joins and leaves a group that has `others` besides, all of which get each view. */
async function views(keep: Keep, { pid, port }: Server, others: number, isCompact: boolean): Promise<Probe> {
  // One change at a time, so that each is a view of its own.
  const plan: CrowdPlan = { port, connections: others, listening: others, isCompact, window: 1 };
  const load = keep(await Load.start<CrowdRequest, CrowdAnswer>('crowd', plan));
  await load.ask({ what: 'enter' });
  return {
    pids: [pid],
    run: async (changes) => ({ count: changes, ...(await load.ask({ what: 'churn', changes })) }),
  };
}

/** Sessions that are in no group. */
async function idle(keep: Keep, { port }: Server, connections: number): Promise<void> {
  const plan: CrowdPlan = { port, connections, listening: 0 };
  keep(await Load.start<CrowdRequest, CrowdAnswer>('crowd', plan));
}

/** Sessions that get messages of that many groups, all together. */
function inGroups(groups: number): Pick<Flow, 'receivers' | 'groups' | 'perReceiver'> {
  const receivers = Math.ceil(groups / GROUPS_OF_SESSION);
  return { receivers, groups, perReceiver: groups / receivers };
}

/** Groups that nobody sends to. */
async function quietGroups(keep: Keep, { port }: Server, count: number): Promise<void> {
  const { receivers, groups, perReceiver } = inGroups(count);
  const plan: ReceiverPlan = {
    target: { kind: 'daemon', port },
    connections: receivers,
    size: oneToOne.size,
    groups,
    perConnection: perReceiver,
    isAligned: false,
  };
  keep(await Load.start<ReceiverRequest, ReceiverAnswer>('receiver', plan));
}

/** A cluster of its own, since the others have three daemons. */
function daemonsCase(n: number): Case {
  const point = { curve: CURVES.messageDaemons, n };
  return {
    name: `growth ${point.curve} ${n}`,
    unit: 'messages/s',
    first: 1,
    runs: RUNS,
    isLong: true,
    isOnRequest: true,
    point,
    unavailable: whyNoCluster,
    prepare: (settings: Settings) =>
      prepare(async (keep) => {
        const cluster = await Cluster.start({ nodes: n });
        keep({ [Symbol.asyncDispose]: () => cluster.stop() });
        await together(cluster);
        const load = { service: oneToOne.service, size: oneToOne.size, rate: 0 };
        return { subject: clusterProbe(cluster, load, settings), yardstick: null };
      }),
  };
}

const FIRST_MESSAGES = 1_000;
const FIRST_CHANGES = 20;

export const growthCases: readonly Case[] = [
  ...powers(10_000).map((n) =>
    pointCase({ curve: CURVES.messageMembers, n }, 'messages/s', FIRST_MESSAGES / n, (keep, server) =>
      messages(keep, server, { receivers: n, fanOut: n }),
    ),
  ),
  ...powers(100_000).map((n) =>
    pointCase({ curve: CURVES.messageGroups, n }, 'messages/s', FIRST_MESSAGES, (keep, server) =>
      messages(keep, server, inGroups(n)),
    ),
  ),
  ...powers(10_000).map((n) =>
    pointCase({ curve: CURVES.messageSessions, n }, 'messages/s', FIRST_MESSAGES, async (keep, server) => {
      await idle(keep, server, n);
      return await messages(keep, server, {});
    }),
  ),
  ...powers(100_000)
    .slice(1)
    .map((n) =>
      pointCase({ curve: CURVES.messageBytes, n }, 'messages/s', 2e5 / (n + 100), (keep, server) =>
        messages(keep, server, { size: n }),
      ),
    ),
  ...powers(1_000).map((n) =>
    pointCase({ curve: CURVES.viewMembers, n }, 'changes/s', FIRST_CHANGES, (keep, server) =>
      views(keep, server, n - 1, false),
    ),
  ),
  ...powers(10_000).map((n) =>
    pointCase({ curve: CURVES.compactMembers, n }, 'changes/s', FIRST_CHANGES, (keep, server) =>
      views(keep, server, n - 1, true),
    ),
  ),
  ...powers(100_000).map((n) =>
    pointCase({ curve: CURVES.viewGroups, n }, 'changes/s', FIRST_CHANGES, async (keep, server) => {
      await quietGroups(keep, server, n);
      return await views(keep, server, 0, false);
    }),
  ),
  ...powers(10_000).map((n) =>
    pointCase({ curve: CURVES.viewSessions, n }, 'changes/s', FIRST_CHANGES, async (keep, server) => {
      await idle(keep, server, n);
      return await views(keep, server, 0, false);
    }),
  ),
  ...[2, 3, 5, 7].map(daemonsCase),
];
