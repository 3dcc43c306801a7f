/**
 * [daemon E11]: behind a hole no message of a non-member of the transitional set is delivered. Seen from outside: when
 * a session delivers in a view a message whose sender it loses, it has every message that another member delivered
 * before that one.
 */
import { companions, historyOf, isSelfDiscard, type Stay } from './history.js';
import type { SessionLog, Violation } from './log.js';

export function hole(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  for (const [key, stays] of historyOf(logs).byView) {
    if (stays.length < 2) continue;
    for (const stay of stays) {
      const last = lastOfLost(stay);
      if (last < 0) continue;
      const got = new Set(stay.messages);
      for (const other of stays) {
        if (other === stay) continue;
        const at = other.messages.indexOf(stay.messages[last] as Stay['messages'][number]);
        const missing = other.messages
          .slice(0, Math.max(0, at))
          .find((message) => !got.has(message) && !isSelfDiscard(message));
        if (!missing) continue;
        const text = `view ${key}: ${stay.log.session} got ${stay.messages[last]?.id} without ${missing.id}, which ${other.log.session} had before it`;
        found.push({ property: 'E11', text });
      }
    }
  }
  return found;
}

/** Place of the last message whose sender did not come along to the next view; -1 without one. */
function lastOfLost({ messages, next, view }: Stay): number {
  if (next?.cause !== 'network') return -1;
  const stayed = companions(next);
  return messages.findLastIndex(
    ({ sent }) =>
      sent !== null &&
      view.members.includes(sent.log.privateGroup) &&
      !stayed.includes(sent.log.privateGroup),
  );
}
