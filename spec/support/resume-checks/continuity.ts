/** nothing is missing and nothing comes twice, unless the client has a gap. */
import type { Violation } from '../../../daemon/testing/checks/log.js';
import { type ClientEntry, type ClientLog, type DaemonLog, namesOf, type ResumeLogs } from './log.js';
import { type Run, runsOf } from './runs.js';
import { sequencesOf, stepsOf, viewStep } from './sequences.js';

/**
 * between two gaps of a group, what a member gets is a contiguous part of what the daemons of its history
 * delivered for that group: no hole, no repeat.
 */
export function contiguous({ clients, daemons }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  const sequences = sequencesOf(daemons);
  for (const client of clients) {
    const report = (text: string): void => {
      found.push({ property: 'R-1', text: `${client.client}: ${text}` });
    };
    const { runs, outside } = runsOf(client);
    for (const entry of outside)
      if ('group' in entry) report(`a ${entry.kind} of ${entry.group} out of place`);
    const seen = new Map<string, Set<string>>();
    for (const { group, steps, isFromJoin, isBehindGap, hidden } of runs) {
      for (let i = isFromJoin ? 1 : 2; i < steps.length; i++) {
        const [from, to] = [steps[i - 1] as string, steps[i] as string];
        if (!sequences(group).isNext(from, to, hidden)) report(`${group}: after "${from}" comes "${to}"`);
      }
      const before = isBehindGap ? new Set<string>() : (seen.get(group) ?? new Set());
      for (const step of steps.filter((each) => each.startsWith('data '))) {
        if (before.has(step)) report(`${group}: "${step}" comes twice`);
        before.add(step);
      }
      seen.set(group, before);
    }
  }
  return found;
}

/**
 * whoever delivers nothing of what others deliver in a view it was in gets a gap there. Within a run that is R-1;
 * here are the ends: nothing lies between the last step and the own leave, or the end of the log. One who is not in the view
 * any more, and does not want to be, may get its answer at any place; one whose session was forgotten has left by that.
 */
export function complete({ clients, daemons }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  const sequences = sequencesOf(daemons);
  const leaves = new Map<string, ReadonlySet<string>>();
  for (const client of clients) leaves.set(client.client, ownLeaves(namesOf(client), daemons));
  const logs = new Map(daemons.map((log) => [log.daemon, log]));
  for (const client of clients) {
    for (const { group, steps, end, isFromJoin, isListed, isForgotten, hidden } of runsOf(client).runs) {
      const last = steps[steps.length - 1] as string;
      if (steps.length === 1 && !isFromJoin) continue;
      const home = client.entries.findLast((entry) => entry.kind === 'linked');
      const log = home?.kind === 'linked' ? logs.get(home.daemon) : undefined;
      const own = (log ? stepsOf(log, group) : []).filter(
        (step) => !step.startsWith('|') && !hidden.has(step),
      );
      const isLeave = (step: string): boolean => leaves.get(client.client)?.has(step) === true;
      const isShort =
        (end === 'log' && client.settled && own.length > 0 && own[own.length - 1] !== last) ||
        (end === 'left' && isListed && !isForgotten && !sequences(group).reaches(last, isLeave, hidden));
      if (isShort) found.push({ property: 'R-2', text: `${client.client}: ${group} ends at "${last}"` });
    }
  }
  return found;
}

const ownLeaves = (names: ReadonlySet<string>, daemons: readonly DaemonLog[]): ReadonlySet<string> =>
  new Set(
    daemons.flatMap(({ entries }) =>
      entries.flatMap((entry) =>
        entry.kind === 'view' && entry.cause === 'leave' && names.has(entry.changed ?? '')
          ? [viewStep(entry.gid)]
          : [],
      ),
    ),
  );

const KEEPS: ReadonlySet<string> = new Set(['whole', 'here', 'ahead']);

/**
 * a daemon gives verdict 2, or takes a session over without a gap, only when what the client got is the beginning
 * of what that daemon delivers. Read in the full logs, not in hashes. Before a change of the daemon view the daemon may have
 * been in another part of the network: there R-1 alone says what is right.
 */
export function prefixes({ clients, daemons }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  const sequences = sequencesOf(daemons);
  const logs = new Map(daemons.map((log) => [log.daemon, log]));
  for (const client of clients) {
    const { openAt } = runsOf(client);
    for (const [entry, open] of openAt) {
      if (entry.kind !== 'linked' || !KEEPS.has(entry.verdict)) continue;
      const log = logs.get(entry.daemon);
      for (const { run, steps } of open) {
        // A daemon that ends before it gets to the position has promised nothing, nor one that the client leaves by then.
        if (
          !log ||
          (entry.verdict === 'ahead' && !(log.alive && isBack(client, entry))) ||
          (run.end === 'gap' && run.steps.length === steps)
        )
          continue;
        const own = stepsOf(log, run.group);
        const fault = faultOf(run, steps, own, (from, isIt) =>
          sequences(run.group).reaches(from, isIt, run.hidden),
        );
        if (fault === null) continue;
        const text = `${client.client} at ${entry.daemon}: ${run.group}: ${fault}`;
        found.push({ property: 'R-4', text });
      }
    }
  }
  return found;
}

/** Whether the client got what it had missed by that link. */
function isBack({ entries }: ClientLog, link: ClientEntry): boolean {
  const next = entries
    .slice(entries.indexOf(link) + 1)
    .find(({ kind }) => kind === 'linked' || kind === 'resumed');
  return next?.kind === 'resumed';
}

/** What is wrong with the first `count` steps of a run as the beginning of what a daemon delivered. */
function faultOf(
  { steps, isFromJoin, hidden }: Run,
  count: number,
  own: readonly string[],
  reaches: (from: string, isIt: (step: string) => boolean) => boolean,
): string | null {
  const last = steps[count - 1] as string;
  if (!own.includes(last)) {
    if (count === 1 && !isFromJoin) return null;
    // It has come to the daemon's history with an exchange.
    const isOwn = (step: string): boolean => step === own[0] || (isExchange(step) && own.includes(step));
    return reaches(last, isOwn) ? null : `the daemon has no "${last}"`;
  }
  const begin = steps.slice(isFromJoin ? 0 : 1, count - 1);
  // A view that comes back with an exchange, as it was, has two places.
  let fault: string | null = null;
  for (let at = own.indexOf(last); at >= 0; at = own.indexOf(last, at + 1)) {
    fault = differenceBefore(own, at, begin, hidden);
    if (fault === null) return null;
  }
  return fault;
}

/** Where the steps differ from those that the daemon has before a place, up to the last change of the daemon view. */
function differenceBefore(
  own: readonly string[],
  place: number,
  steps: readonly string[],
  hidden: ReadonlySet<string>,
): string | null {
  let at = place;
  for (const step of steps.toReversed()) {
    at--;
    while (at >= 0 && hidden.has(own[at] as string)) at--;
    if (at < 0 || isBoundary(own[at] as string)) return null;
    if (own[at] !== step) return `the daemon has "${own[at]}" where the client has "${step}"`;
  }
  return null;
}

const isExchange = (step: string): boolean => step.startsWith('|exchanged ');

const isBoundary = (step: string): boolean => step.startsWith('|');
