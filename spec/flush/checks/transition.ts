/** [flush-layer VS7]: at most one transitional signal in a view, and one where not all of its members come along. */
import { historyOf } from './history.js';
import type { MembershipLog, Violation } from './log.js';

export function transition(logs: readonly MembershipLog[]): Violation[] {
  const { stays, early } = historyOf(logs);
  const before = early.filter((text) => text.endsWith('a transitional signal'));
  const found = before.map((text) => ({ property: 'VS7', text: `${text} before its first view` }));
  for (const { log, view, next, transitions } of stays) {
    if (log.isOfC) continue;
    if (transitions > 1)
      found.push({ property: 'VS7', text: `${log.name} got ${transitions} signals in ${view.view}` });
    const isWhole = next === null || next.view.cameWithMe.length === view.members.length;
    if (!isWhole && transitions === 0)
      found.push({ property: 'VS7', text: `${log.name} lost members of ${view.view} without a signal` });
  }
  return found;
}
