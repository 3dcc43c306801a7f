/** Where everybody is honest, nothing looks like tampering, and nothing is left in anybody's hands. */
import type { Evidence, Violation } from '../log.js';

export function peace({ logs, mayDiffer, hasLiars }: Evidence): Violation[] {
  const found: Violation[] = [];
  if (hasLiars || logs.some(({ isAuthorized }) => !isAuthorized)) return found;
  for (const { name, entries, final } of logs) {
    for (const entry of entries) {
      if (entry.kind === 'excluded' && entry.reason !== 'outside' && !mayDiffer)
        found.push({ property: 'SS8', text: `${name} is excluded by its ${entry.reason}` });
      if (entry.kind === 'decrypt-failed' && !mayDiffer)
        found.push({ property: 'SS7', text: `${name}: a message does not open` });
      if (entry.kind !== 'tampering' || entry.reason === 'left-out' || mayDiffer) continue;
      found.push({ property: 'SS7', text: `${name}: ${entry.reason} of ${entry.sender}` });
    }
    if (final?.state === 'secure' && final.held > 0)
      found.push({ property: 'SS6', text: `${name} holds ${final.held}` });
  }
  return found;
}
