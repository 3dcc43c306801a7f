/** A secure view holds its receiver, at the place that it says, with the receiver among those who came along. */
import type { Evidence, Violation } from '../log.js';
import { historyOf } from './history.js';

export function ownPlace(evidence: Evidence): Violation[] {
  const found: Violation[] = [];
  for (const { log, view } of historyOf(evidence).stays) {
    const { members, index, cameWithMe, outsiders } = view;
    const isRight =
      members[index] === log.id &&
      cameWithMe.includes(log.id) &&
      cameWithMe.every((name) => members.includes(name)) &&
      outsiders.every((name) => !members.includes(name));
    if (!isRight) found.push({ property: 'SS3, VS10', text: `${log.name} in ${view.id.slice(0, 8)}` });
  }
  return found;
}
