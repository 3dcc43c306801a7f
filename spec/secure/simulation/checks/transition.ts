/**
 * [SS5]: the transitional signal comes at most once in a secure view, and it stands there for each member that does not
 * come along; but for those that had the key no more, left and came back, or are outside of the next view.
 */
import type { Evidence, Violation } from '../log.js';
import { historyOf, type Stay } from './history.js';

export function transition(evidence: Evidence): Violation[] {
  const { stays, byView } = historyOf(evidence);
  const found: Violation[] = [];
  for (const stay of stays) {
    const { log, view, transitions, next } = stay;
    const at = `${log.name} in ${view.id.slice(0, 8)}`;
    if (transitions > 1) found.push({ property: 'SS5', text: `${transitions} signals at ${at}` });
    if (!next || transitions > 0 || stay.hasRejoined || stay.wasExcluded) continue;
    if (evidence.hasLiars || evidence.mayDiffer || !log.isAuthorized) continue;
    const came = new Set([...next.view.cameWithMe, ...next.view.outsiders]);
    for (const name of view.members) {
      if (came.has(name) || hadItsReason(byView.get(view.id) ?? [], name)) continue;
      found.push({ property: 'SS5', text: `no signal at ${at}, and ${name} did not come along` });
    }
  }
  return found;
}

/** Whether a member was excluded, or came back, or never had the view. */
function hadItsReason(stays: readonly Stay[], name: string): boolean {
  const theirs = stays.filter(({ log }) => log.id === name);
  return theirs.length === 0 || theirs.some(({ wasExcluded, hasRejoined }) => wasExcluded || hasRejoined);
}
