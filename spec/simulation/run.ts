/** Runs one plan from its first to its last moment, and everything that checks it. */
import { check } from '../../daemon/testing/checks/all.js';
import type { SessionLog, Violation } from '../../daemon/testing/checks/log.js';
import { engineViews } from './checks/engine-views.js';
import { groupState } from './checks/group-state.js';
import { unnoticed, untouched } from './checks/untouched.js';
import type { SimulatedDaemon } from './daemon.js';
import type { Plan } from './plan.js';
import { settle } from './settle.js';
import { tellEntry } from './tell.js';
import { TraceHash } from '../../daemon/testing/network/trace.js';
import { World } from './world.js';

export interface Outcome {
  readonly violations: readonly Violation[];
  /** Two runs of one plan have the same. */
  readonly hash: string;
  readonly figures: {
    readonly events: number;
    readonly sends: number;
    readonly deliveries: number;
    readonly views: number;
  };
  /** What happened, when it was asked for. */
  readonly lines: readonly string[];
}

export function run(plan: Plan, isTracing = false): Outcome {
  const world = new World(plan, isTracing);
  let violations: Violation[] = [];
  try {
    world.run();
    const unsettled = settle(world);
    violations = [...world.violations, ...unsettled, ...checkWorld(world, unsettled.length === 0)];
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    violations = [...world.violations, { property: 'crash', text }];
  }
  return { violations, hash: hashOf(world), figures: figuresOf(world), lines: world.trace.lines };
}

/** @param hasSettled without it the logs are not complete, and what is missing in them is no violation of its own */
function checkWorld(world: World, hasSettled: boolean): Violation[] {
  const { logs, engineLogs, plan } = world;
  const daemons = world.daemons.filter((daemon): daemon is SimulatedDaemon => daemon !== null);
  return [
    ...check(hasSettled ? logs : logs.map(broken)),
    ...engineViews(hasSettled ? engineLogs : engineLogs.map((log) => ({ ...log, end: 'ended' as const }))),
    ...untouched(logs, engineLogs),
    ...(plan.profile === 'blips' ? unnoticed(logs) : []),
    ...(hasSettled ? groupState(daemons, logs, isMixed(plan)) : []),
  ];
}

const isMixed = ({ steps }: Plan): boolean =>
  steps.some(({ act }) => act.do === 'report' || act.do === 'replace');

const broken = (log: SessionLog): SessionLog => ({ ...log, end: 'killed' });

function hashOf({ logs, engineLogs, loop }: World): string {
  const hash = new TraceHash();
  hash.text(`${loop.count} ${loop.now}`);
  for (const { session, entries, end } of logs) {
    hash.text(`${session} ${end}`);
    for (const entry of entries) hash.text(tellEntry(entry));
  }
  for (const { entries } of engineLogs) {
    for (const entry of entries) {
      if (entry.kind === 'message') hash.text(entry.id);
      else if (entry.kind === 'view') hash.text(entry.view.id.text);
    }
  }
  return hash.hex;
}

function figuresOf({ logs, engineLogs, loop }: World): Outcome['figures'] {
  let sends = 0;
  let deliveries = 0;
  for (const { entries } of logs) {
    for (const { kind } of entries) {
      if (kind === 'send') sends++;
      else if (kind === 'data') deliveries++;
    }
  }
  const views = engineLogs.flatMap(({ entries }) => entries).filter(({ kind }) => kind === 'view').length;
  return { events: loop.count, sends, deliveries, views };
}
