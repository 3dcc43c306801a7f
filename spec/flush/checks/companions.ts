/**
 * [flush-layer VS4]: who comes along with a member into a view comes from the same view, and with the same companions.
 * A view with a transitional signal in it is provisional; one that dies or leaves in a view may have missed the signal.
 */
import { historyOf, isLiving, type Stay } from './history.js';
import type { MembershipLog, Violation } from './log.js';

const companionsOf = (stay: Stay | null): string => stay?.view.cameWithMe.join(' ') ?? '';

export function companions(logs: readonly MembershipLog[]): Violation[] {
  const { byView, stays } = historyOf(logs);
  const found: Violation[] = [];
  for (const { log, view, next } of stays) {
    if (log.isOfC || next === null || next.transitions > 0 || (next.next === null && !isLiving(log)))
      continue;
    for (const id of next.view.cameWithMe) {
      const other = byView.get(view.view)?.find((stay) => stay.log.id === id);
      const hasCome =
        other?.next?.view.view === next.view.view && companionsOf(other.next) === companionsOf(next);
      if (hasCome || (other && other.next === null && !isLiving(other.log))) continue;
      // One that never installed the view before may have ended since, or may be no honest member.
      if (!other && !logs.some((each) => each.id === id && isLiving(each))) continue;
      const went = other?.next ? `${other.next.view.view} with ${companionsOf(other.next)}` : 'nowhere';
      const text = `${log.name} went from ${view.view} to ${next.view.view} with ${companionsOf(next)}; ${id} ${went}`;
      found.push({ property: 'VS4', text });
    }
  }
  return found;
}
