/** [SS1]: a member that lost its authorisation is in no view that begins after that. */
import type { Evidence, Violation } from '../log.js';

export function authorization({ logs, revoked }: Evidence): Violation[] {
  const found: Violation[] = [];
  if (revoked.size === 0) return found;
  for (const { entries, name, isHonest, isAuthorized } of logs) {
    if (!isHonest || !isAuthorized) continue;
    let begunAt = 0;
    for (const entry of entries) {
      if (entry.kind === 'flush-view') begunAt = entry.at;
      if (entry.kind !== 'view') continue;
      for (const member of entry.members)
        if ((revoked.get(member) ?? Infinity) < begunAt)
          found.push({ property: 'SS1', text: `${member} is in a view of ${name}, and not authorised` });
    }
  }
  return found;
}
