/**
 * [daemon E2]: a member that stays connected delivers each of its own messages exactly once, whatever the network does.
 * A member is who has seen its view when it sends, and has not asked to leave: a join that is deferred over a network
 * change [daemon 2.7.4] does not count before its view is there.
 */
import { groupBy } from './group-by.js';
import { historyOf, isSelfDiscard } from './history.js';
import type { SessionLog, Violation } from './log.js';

export function selfDelivery(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  const { delivered, messages } = historyOf(logs);
  const sentBy = groupBy(messages, ({ sent }) => sent?.log);
  for (const log of logs) {
    if (log.end !== 'open') continue;
    const times = new Map<string, number>();
    for (const { id } of delivered.get(log) ?? []) times.set(id, (times.get(id) ?? 0) + 1);
    const due = dueTo(log);
    for (const message of sentBy.get(log) ?? []) {
      if (isSelfDiscard(message) || !due.has(message.id)) continue;
      const count = times.get(message.id) ?? 0;
      if (count !== 1)
        found.push({ property: 'E2', text: `${log.session} got its own ${message.id} ${count} times` });
    }
  }
  return found;
}

/** Ids of the session's messages that it sent to itself or to a group it was a member of. */
function dueTo(log: SessionLog): Set<string> {
  const due = new Set<string>();
  const member = new Set<string>([log.privateGroup]);
  /** Leaves that were asked for and not answered yet. */
  const leaving = new Map<string, number>();
  for (const entry of log.entries) {
    switch (entry.kind) {
      case 'view':
        if ((leaving.get(entry.group) ?? 0) === 0) member.add(entry.group);
        break;
      case 'leave': {
        const group = entry.group ?? '';
        leaving.set(group, (leaving.get(group) ?? 0) + 1);
        member.delete(group);
        break;
      }
      case 'self-leave':
        leaving.set(entry.group, Math.max(0, (leaving.get(entry.group) ?? 0) - 1));
        member.delete(entry.group);
        break;
      case 'send':
        if (entry.groups.some((group) => member.has(group))) due.add(entry.id);
        break;
      default:
    }
  }
  return due;
}
