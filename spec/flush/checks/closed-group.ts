/** [flush-layer VS12]: in a view only its members are heard, and before the first view nobody. */
import { historyOf } from './history.js';
import type { MembershipLog, Violation } from './log.js';

export function closedGroup(logs: readonly MembershipLog[]): Violation[] {
  const { stays, early } = historyOf(logs);
  const before = early.filter((text) => !/signal$|request$/.test(text));
  const found = before.map((text) => ({ property: 'VS12', text: `${text} before its first view` }));
  for (const { log, view, delivered } of stays) {
    for (const { id, sender } of delivered) {
      if (view.members.includes(sender)) continue;
      found.push({
        property: 'VS12',
        text: `${log.name} got ${id} of ${sender}, who is not in ${view.view}`,
      });
    }
  }
  return found;
}
