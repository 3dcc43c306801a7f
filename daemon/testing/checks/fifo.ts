/**
 * [daemon E3]: the messages of one session, FIFO and above, come in the order in which it sent them, over views and
 * groups.
 */
import { historyOf, isOrdered } from './history.js';
import type { SessionLog, Violation } from './log.js';

export function fifo(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  for (const [log, delivered] of historyOf(logs).delivered) {
    const last = new Map<SessionLog, { index: number; id: string }>();
    for (const message of delivered) {
      if (message.sent === null || !isOrdered(message)) continue;
      const { log: sender, index } = message.sent;
      const before = last.get(sender);
      if (before && before.index > index) {
        found.push({ property: 'E3', text: `${log.session} got ${message.id} after ${before.id}` });
      }
      last.set(sender, { index, id: message.id });
    }
  }
  return found;
}
