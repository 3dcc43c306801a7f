/** [SS4]: nobody but the members of a secure view can derive its secret. */
import type { Evidence, Violation } from '../log.js';

export function holders({ logs, holdersOf }: Evidence): Violation[] {
  const found: Violation[] = [];
  for (const { entries, name } of logs) {
    let members: readonly string[] = [];
    for (const entry of entries) {
      if (entry.kind === 'view') ({ members } = entry);
      if (entry.kind !== 'view' && entry.kind !== 'rekeyed') continue;
      for (const holder of holdersOf(entry.id))
        if (!members.includes(holder))
          found.push({
            property: 'SS4',
            text: `${holder} has the secret of ${entry.id.slice(0, 8)} of ${name}`,
          });
    }
  }
  return found;
}
