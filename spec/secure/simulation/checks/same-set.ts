/** [SS3, VS2]: members that go together from one secure view to the next have the same messages in the first. */
import type { Evidence, Violation } from '../log.js';
import { historyOf, isFor, isPromised } from './history.js';

export function sameSet(evidence: Evidence): Violation[] {
  const { sent, byView } = historyOf(evidence);
  const found: Violation[] = [];
  for (const [view, stays] of byView) {
    for (const one of stays) {
      for (const other of stays) {
        const { next } = one;
        if (one === other || !next || next.view.id !== other.next?.view.id) continue;
        if (!isPromised(one.log) || !isPromised(other.log)) continue;
        const areTogether =
          next.view.cameWithMe.includes(other.log.id) && other.next.view.cameWithMe.includes(one.log.id);
        if (!areTogether) continue;
        const got = new Set(other.delivered.map(({ text }) => text));
        for (const { text } of one.delivered) {
          const message = sent.get(text);
          if (got.has(text) || !message || !isFor(message, other.log.id)) continue;
          found.push({
            property: 'SS3, VS2',
            text: `${text} came to ${one.log.name} in ${view.slice(0, 8)}, not to ${other.log.name}`,
          });
        }
      }
    }
  }
  return found;
}
