/** [SS3, VS9]: a member that stays gets what it sent, in the view in which it sent it. */
import type { Evidence, Violation } from '../log.js';
import { historyOf, isFor, isPromised } from './history.js';

export function selfDelivery(evidence: Evidence): Violation[] {
  const { sent, stays } = historyOf(evidence);
  const got = new Set(
    stays.flatMap(({ log, delivered }) => delivered.map(({ text }) => `${log.name} ${text}`)),
  );
  const excluded = new Set(
    stays.filter(({ wasExcluded }) => wasExcluded).map(({ log, view }) => `${log.name} ${view.id}`),
  );
  const found: Violation[] = [];
  for (const [text, message] of sent) {
    const { log, entry } = message;
    if (!isPromised(log) || !isFor(message, log.id) || excluded.has(`${log.name} ${entry.view}`)) continue;
    if (!got.has(`${log.name} ${text}`))
      found.push({ property: 'SS3, VS9', text: `${text} never came back to ${log.name}` });
  }
  return found;
}
