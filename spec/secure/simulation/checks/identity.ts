/** [SS1]: one id, one list and one secret; one flush view and epoch, one id, unless authorisations differ. */
import type { Evidence, Violation } from '../log.js';

export function identity({ logs, doubles, mayDiffer, hasLiars }: Evidence): Violation[] {
  const found: Violation[] = doubles.map((id) => ({
    property: 'SS1',
    text: `${id.slice(0, 8)} has two secrets`,
  }));
  const lists = new Map<string, string>();
  const ids = new Map<string, string>();
  const one = (map: Map<string, string>, key: string, value: string, what: string): void => {
    const known = map.get(key);
    if (known === undefined) map.set(key, value);
    else if (known !== value) found.push({ property: 'SS1', text: `${what}: ${known} and ${value}` });
  };
  for (const log of logs) {
    if (!log.isHonest) continue;
    for (const entry of log.entries) {
      if (entry.kind === 'view')
        one(lists, entry.id, entry.members.join(' '), `members of ${entry.id.slice(0, 8)}`);
      if (entry.kind !== 'view' && entry.kind !== 'rekeyed') continue;
      const epoch = entry.kind === 'view' ? 0 : entry.epoch;
      if (!mayDiffer && !hasLiars && log.isAuthorized)
        one(ids, `${entry.gid} ${epoch}`, entry.id, `ids of ${entry.gid}, epoch ${epoch}`);
    }
  }
  return found;
}
