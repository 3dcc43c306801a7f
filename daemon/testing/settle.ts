/** What of a daemon is not at rest. */
import type { MemoryDaemon } from './daemon.js';

/**
 * @param daemons names of those that it has to be in a view with, itself included
 * @param isExcused whether what waits for a session, by its id, may wait
 * @returns why it is not at rest; null when it is
 */
export function unrestOf(
  { name, engine, core, server }: MemoryDaemon,
  daemons: readonly string[],
  isExcused: (id: string) => boolean = () => false,
): string | null {
  const members = engine.view?.members.map((each) => each.name) ?? [];
  if (members.toSorted().join() !== daemons.toSorted().join())
    return members.length === 0 ? `${name} has no view` : `${name} is in a view of ${members.join(' ')}`;
  if (core.isExchanging) return `${name} is exchanging`;
  const { queuedBytes } = engine.stats();
  if (queuedBytes > 0) return `${name} has ${queuedBytes} bytes queued`;
  for (const session of server.values()) {
    if (session.waitingBytes > 0 && !isExcused(session.name))
      return `${name} has ${session.waitingBytes} bytes waiting for ${session.name}`;
  }
  return null;
}
