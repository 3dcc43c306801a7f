/** [flush-layer VS6]: a view comes after exactly one flush request, which was answered; the first one without any. */
import { historyOf } from './history.js';
import type { MembershipLog, Violation } from './log.js';

export function flushRequests(logs: readonly MembershipLog[]): Violation[] {
  const { stays, early } = historyOf(logs);
  const before = early.filter((text) => text.endsWith('a flush request'));
  const found = before.map((text) => ({ property: 'VS6', text: `${text} before its first view` }));
  for (const { log, view, next, requests, flushes, requestsAfterLeave } of stays) {
    if (requestsAfterLeave > 0)
      found.push({ property: 'VS6', text: `${log.name} was asked after it left ${view.view}` });
    const isRight = next === null ? requests <= 1 && flushes <= requests : requests === 1 && flushes === 1;
    if (isRight) continue;
    const text = `${log.name} had ${requests} requests in ${view.view}, ${flushes} were answered`;
    found.push({ property: 'VS6', text });
  }
  return found;
}
