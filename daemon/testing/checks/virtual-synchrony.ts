/** [daemon E7]: sessions that go together from one view to the next delivered the same messages in the first. */
import { groupBy } from './group-by.js';
import { companions, historyOf, isSelfDiscard, type Message, type Stay } from './history.js';
import type { SessionLog, Violation } from './log.js';

export function virtualSynchrony(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  for (const [key, stays] of historyOf(logs).byView) {
    const moved = stays.filter(({ next }) => next !== null);
    for (const together of groupBy(moved, way).values()) {
      const [first] = together;
      if (!first || together.length === 1) continue;
      const senders = new Set(together.map(({ log }) => log));
      const expected = ids(first, senders);
      for (const stay of together) {
        const got = ids(stay, senders);
        if (got === expected) continue;
        const where = `view ${key}, before ${stay.next?.gid}`;
        const text = `${where}: ${first.log.session} got ${expected}; ${stay.log.session} got ${got}`;
        found.push({ property: 'E7', text });
      }
    }
  }
  return found;
}

const way = ({ next }: Stay): string => `${next?.gid} ${next ? companions(next).join() : ''}`;

/** A message that its sender discards is missing there and nowhere else. */
const ids = ({ messages }: Stay, senders: ReadonlySet<SessionLog>): string =>
  messages
    .filter((message) => !isSelfDiscard(message) || !isOneOf(message, senders))
    .map(({ id }) => id)
    .join();

const isOneOf = ({ sent }: Message, senders: ReadonlySet<SessionLog>): boolean =>
  sent !== null && senders.has(sent.log);
