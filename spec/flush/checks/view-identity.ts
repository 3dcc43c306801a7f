/** [flush-layer VS3]: a view is the same at everybody who installs it. */
import { historyOf, type Stay } from './history.js';
import type { MembershipLog, Violation } from './log.js';

const membersOf = ({ view: { members } }: Stay): string => members.join(' ');

const causeOf = ({ view: { cause, changed } }: Stay): string => `${cause} of ${changed}`;

export function viewIdentity(logs: readonly MembershipLog[]): Violation[] {
  const found: Violation[] = [];
  for (const [view, stays] of historyOf(logs).byView) {
    const [first] = stays;
    for (const stay of stays) {
      for (const of of [membersOf, causeOf]) {
        if (!first || of(stay) === of(first)) continue;
        const text = `view ${view}: ${of(first)} at ${first.log.name}, ${of(stay)} at ${stay.log.name}`;
        const isOfJoiner = of === causeOf && (first.previous === null || stay.previous === null);
        found.push({ property: isOfJoiner ? 'VS3, cause for a joiner' : 'VS3', text });
      }
    }
  }
  return found;
}
