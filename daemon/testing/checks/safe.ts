/**
 * [daemon E9]: a safe message that anyone delivers in a view before the transitional signal is delivered in that view
 * by every member which installs a next one.
 */
import { historyOf, isSafe, isSelfDiscard, type Message } from './history.js';
import type { SessionLog, Violation } from './log.js';

export function safe(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  for (const [key, stays] of historyOf(logs).byView) {
    const due = new Map<Message, SessionLog>();
    for (const { log, messages, before } of stays) {
      for (const message of messages.slice(0, before)) if (isSafe(message)) due.set(message, log);
    }
    if (due.size === 0) continue;
    for (const { log, messages, next } of stays) {
      if (next === null) continue;
      const got = new Set(messages);
      for (const [message, by] of due) {
        if (got.has(message) || (isSelfDiscard(message) && message.sent?.log === log)) continue;
        const text = `view ${key}: safe ${message.id} came to ${by.session}, never to ${log.session}`;
        found.push({ property: 'E9', text });
      }
    }
  }
  return found;
}
