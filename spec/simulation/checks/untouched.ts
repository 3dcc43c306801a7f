/**
 * [daemon E13]: what the daemons do not notice leaves no trace at the clients. There are no more signals and network
 * changes at a session than its daemon has had views; with cuts that heal in time, none at all.
 */
import type { SessionLog, Violation } from '../../../daemon/testing/checks/log.js';
import type { EngineLog } from '../../../daemon/testing/network/engine-log.js';

export function untouched(logs: readonly SessionLog[], engines: readonly EngineLog[]): Violation[] {
  const views = new Map<string, number>();
  for (const { self, entries } of engines) {
    const count = entries.filter(({ kind }) => kind === 'view').length;
    views.set(self.name, (views.get(self.name) ?? 0) + count);
  }
  const found: Violation[] = [];
  for (const { session, daemon, entries } of logs) {
    const limit = views.get(daemon) ?? 0;
    const counts = new Map<string, number>();
    for (const entry of entries) {
      const isChange = entry.kind === 'transition' || (entry.kind === 'view' && entry.cause === 'network');
      if (!isChange) continue;
      const key = `${entry.kind} ${entry.group}`;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count === limit + 1)
        found.push({ property: 'E13', text: `${session} has more than ${limit} ${key}` });
    }
  }
  return found;
}

/** For worlds where nothing happens that is to be noticed after the daemons came together. */
export function unnoticed(logs: readonly SessionLog[]): Violation[] {
  return logs.flatMap(({ session, entries }) =>
    entries
      .filter((entry) => entry.kind === 'transition' || (entry.kind === 'view' && entry.cause === 'network'))
      .map(({ kind }) => ({ property: 'E13', text: `${session} has noticed what healed in time: ${kind}` })),
  );
}
