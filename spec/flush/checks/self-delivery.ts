/** [flush-layer VS9]: a member delivers its own messages in the view in which it sent them, unless it dies or leaves. */
import { historyOf, isFor, isLiving } from './history.js';
import type { MembershipLog, Violation } from './log.js';

export function selfDelivery(logs: readonly MembershipLog[]): Violation[] {
  const { sent, stays } = historyOf(logs);
  const got = new Set(
    stays.flatMap(({ log, view, delivered }) => delivered.map(({ id }) => `${log.name} ${view.view} ${id}`)),
  );
  const found: Violation[] = [];
  for (const [id, message] of sent) {
    const { log, entry } = message;
    if (!isLiving(log) || !isFor(message, log.id) || got.has(`${log.name} ${entry.view} ${id}`)) continue;
    found.push({ property: 'VS9', text: `${log.name} sent ${id} in ${entry.view} and did not get it there` });
  }
  return found;
}
