/**
 * [daemon E12]: all components go on: a session that is connected at the end has got the view that belongs to its
 * signal.
 */
import { historyOf } from './history.js';
import type { SessionLog, Violation } from './log.js';

export function progress(logs: readonly SessionLog[]): Violation[] {
  return historyOf(logs)
    .stays.filter(({ log, transitions, next }) => log.end === 'open' && transitions > 0 && next === null)
    .filter(({ log, group }) => !hasLeft(log, group))
    .map(({ log, group, view }) => ({
      property: 'E12',
      text: `${log.session} got no view after the signal in view ${view.gid} of ${group}`,
    }));
}

/** Whether it left the group last of all. */
const hasLeft = (log: SessionLog, group: string): boolean =>
  log.entries.findLast(
    (entry) => (entry.kind === 'view' || entry.kind === 'self-leave') && entry.group === group,
  )?.kind === 'self-leave';
