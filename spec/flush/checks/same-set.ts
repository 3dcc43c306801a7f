/** [flush-layer VS2]: members that go together from one view to the next deliver the same messages in the first. */
import { historyOf, isFor } from './history.js';
import type { MembershipLog, Violation } from './log.js';

export function sameSet(logs: readonly MembershipLog[]): Violation[] {
  const { sent, byView } = historyOf(logs);
  const found: Violation[] = [];
  for (const [view, stays] of byView) {
    for (const one of stays) {
      for (const other of stays) {
        const { next } = one;
        if (one === other || next === null || next.view.view !== other.next?.view.view) continue;
        const areTogether =
          next.view.cameWithMe.includes(other.log.id) && other.next.view.cameWithMe.includes(one.log.id);
        if (!areTogether) continue;
        const got = new Set(other.delivered.map(({ id }) => id));
        for (const { id, receivers } of one.delivered) {
          const isForOther = isFor(sent.get(id), other.log.id) && receivers?.includes(other.log.id) !== false;
          if (got.has(id) || !isForOther) continue;
          found.push({
            property: 'VS2',
            text: `${id} came to ${one.log.name} in ${view}, not to ${other.log.name}`,
          });
        }
      }
    }
  }
  return found;
}
