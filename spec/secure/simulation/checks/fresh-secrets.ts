/** [SS2]: no view secret comes twice. */
import type { Evidence, Violation } from '../log.js';

export function freshSecrets({ logs, secretOf }: Evidence): Violation[] {
  const found: Violation[] = [];
  const ids = new Map<string, string>();
  for (const { entries } of logs) {
    for (const entry of entries) {
      if (entry.kind !== 'view' && entry.kind !== 'rekeyed') continue;
      const secret = secretOf(entry.id);
      if (secret === undefined) {
        found.push({ property: 'SS2', text: `nobody knows the secret of ${entry.id.slice(0, 8)}` });
        continue;
      }
      const other = ids.get(secret);
      if (other !== undefined && other !== entry.id)
        found.push({
          property: 'SS2',
          text: `${other.slice(0, 8)} and ${entry.id.slice(0, 8)} have one secret`,
        });
      ids.set(secret, entry.id);
    }
  }
  return found;
}
