/**
 * [daemon E1]: only sent messages are delivered, to whom they were sent and as they were sent, each at most once per
 * session.
 */
import { historyOf, isSelfDiscard, type Message } from './history.js';
import type { DataEntry, Entry, SessionLog, Violation } from './log.js';

export function integrity(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  const { delivered } = historyOf(logs);
  for (const log of logs) {
    const addressed = new Addressed(log);
    const seen = new Set<Message>();
    let count = 0;
    for (const entry of log.entries) {
      addressed.see(entry);
      if (entry.kind !== 'data') continue;
      const message = delivered.get(log)?.[count++] as Message;
      const fault = faultOf(log, entry, message);
      if (fault !== null) found.push(violation(log, entry, fault));
      if (seen.has(message)) found.push(violation(log, entry, 'a second time'));
      if (!addressed.to(entry)) found.push(violation(log, entry, `sent to ${entry.groups.join()}`));
      seen.add(message);
    }
  }
  return found;
}

const violation = (log: SessionLog, { id }: DataEntry, text: string): Violation => ({
  property: 'E1',
  text: `${log.session} got ${id}: ${text}`,
});

function faultOf(log: SessionLog, entry: DataEntry, message: Message): string | null {
  const { sent } = message;
  if (sent === null) return 'nobody sent it';
  if (isSelfDiscard(message) && sent.log === log) return 'its own, to be discarded';
  const differs =
    entry.sender !== sent.log.privateGroup ||
    entry.service !== sent.entry.service ||
    entry.groups.join() !== sent.entry.groups.join();
  return differs ? 'changed on its way' : null;
}

/** Which groups reach a session: by its views if it has them, else those it ever asked for. */
class Addressed {
  private readonly groups: Set<string>;

  constructor(private readonly log: SessionLog) {
    this.groups = new Set([log.privateGroup]);
  }

  see(entry: Entry): void {
    if (entry.kind === 'view') this.groups.add(entry.group);
    else if (entry.kind === 'self-leave') this.groups.delete(entry.group);
    else if (entry.kind === 'join' && !this.log.membership) this.groups.add(entry.group ?? '');
  }

  to({ groups }: DataEntry): boolean {
    return groups.some((group) => this.groups.has(group));
  }
}
