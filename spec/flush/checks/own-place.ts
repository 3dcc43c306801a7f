/** [flush-layer VS10]: a view holds its receiver; into the first one it comes alone. */
import { historyOf } from './history.js';
import type { MembershipLog, Violation } from './log.js';

export function ownPlace(logs: readonly MembershipLog[]): Violation[] {
  const found: Violation[] = [];
  for (const { log, view, previous } of historyOf(logs).stays) {
    if (view.members[view.index] !== log.id)
      found.push({ property: 'VS10', text: `${log.name} is not at its place in ${view.view}` });
    const came = view.cameWithMe.join(' ');
    if (previous === null ? came !== log.id : !view.cameWithMe.includes(log.id))
      found.push({ property: 'VS10', text: `${log.name} came to ${view.view} with ${came}` });
  }
  return found;
}
