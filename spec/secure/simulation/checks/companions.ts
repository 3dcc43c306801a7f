/**
 * [SS3, VS4]: who is said to have come along from V to V' was in both, and says the same, except where a transitional
 * signal stands in V'. And nobody is said to have come along who did not have the last key.
 */
import type { Evidence, Violation } from '../log.js';
import { historyOf, isPromised, type Stay } from './history.js';

export function companions(evidence: Evidence): Violation[] {
  const { byView } = historyOf(evidence);
  const found: Violation[] = [];
  for (const [view, stays] of byView) {
    const byId = new Map(stays.map((stay) => [stay.log.id, stay]));
    for (const stay of stays) {
      if (!stay.log.isHonest) continue;
      for (const name of stay.view.cameWithMe) {
        const wrong = fault(evidence, stay, name, byId.get(name));
        if (wrong)
          found.push({
            property: 'SS3, VS4',
            text: `${name} with ${stay.log.name} in ${view.slice(0, 8)}: ${wrong}`,
          });
      }
    }
  }
  return found;
}

function fault(
  { holdersOf, logs, hasLiars, mayDiffer }: Evidence,
  stay: Stay,
  name: string,
  other: Stay | undefined,
): string | null {
  const { previous, view, log } = stay;
  if (name === log.id) return null;
  if (!previous) return 'there was no view before';
  if (!holdersOf(previous.view.id).has(name)) return 'did not have the key before';
  if (stay.transitions > 0 || !isPromised(log) || hasLiars || mayDiffer) return null;
  const theirs = logs.find((each) => each.id === name && isPromised(each));
  if (!theirs) return null;
  if (!other || other.log !== theirs)
    return logs.some((each) => each.id === name && each !== theirs) ? null : 'does not have the view';
  if (other.previous?.view.id !== previous.view.id) return 'came from another view';
  return other.view.cameWithMe.join() === view.cameWithMe.join() ? null : 'says something else';
}
