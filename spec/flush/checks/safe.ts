/**
 * [flush-layer VS8]: a safe message that anybody delivers in a view before the transitional signal is delivered in that
 * view by every member that neither dies nor leaves.
 */
import { historyOf, isFor, isLiving, isSafe } from './history.js';
import type { MembershipLog, Violation } from './log.js';

export function safe(logs: readonly MembershipLog[]): Violation[] {
  const { sent, byView } = historyOf(logs);
  const found: Violation[] = [];
  for (const [view, stays] of byView) {
    const due = new Map<string, MembershipLog>();
    for (const { log, delivered, before } of stays) {
      if (log.isOfC) continue;
      for (const { id } of delivered.slice(0, before)) {
        const message = sent.get(id);
        if (message && isSafe(message)) due.set(id, log);
      }
    }
    if (due.size === 0) continue;
    for (const log of logs) {
      if (!isLiving(log) || !wasGiven(log, view)) continue;
      const stay = stays.find((each) => each.log === log);
      const got = new Set(stay?.delivered.map(({ id }) => id));
      for (const [id, by] of due) {
        if (got.has(id) || !isFor(sent.get(id), log.id)) continue;
        found.push({
          property: 'VS8',
          text: `safe ${id} came to ${by.name} in ${view}, never to ${log.name}`,
        });
      }
    }
  }
  return found;
}

const wasGiven = ({ entries }: MembershipLog, view: string): boolean =>
  entries.some((entry) => entry.kind === 'plain-view' && entry.view === view);
