/**
 * [SS11]: the SEAL that decides a view and epoch is the same at all members with the same authorisations, one SEAL gives
 * one id, and in a later epoch it names all members of the view.
 */
import type { Evidence, Violation } from '../log.js';

export function decision({ logs, mayDiffer, mayRepeat }: Evidence): Violation[] {
  const found: Violation[] = [];
  const seals = new Map<string, { readonly seal: string; readonly by: string }>();
  const ids = new Map<string, string>();
  for (const { entries, name, isHonest, isAuthorized, isServed } of logs) {
    if (!isHonest || !isAuthorized || !isServed) continue;
    const shown = new Map<string, string>();
    let members = 0;
    for (const entry of entries) {
      if (entry.kind === 'view') ({ length: members } = entry.members);
      if (entry.kind === 'view') shown.set(`${entry.gid}, epoch 0`, entry.id);
      if (entry.kind === 'rekeyed') shown.set(`${entry.gid}, epoch ${entry.epoch}`, entry.id);
      if (entry.kind !== 'decision') continue;
      const key = `${entry.gid}, epoch ${entry.epoch}`;
      const known = seals.get(key);
      if (known && known.seal !== entry.seal && !mayDiffer && !mayRepeat)
        found.push({
          property: 'SS11',
          text: `${key} is decided in another way at ${name} than at ${known.by}`,
        });
      seals.set(key, { seal: entry.seal, by: name });
      if (entry.epoch > 0 && entry.boxes !== members)
        found.push({
          property: 'SS11',
          text: `${key} at ${name}: ${entry.boxes} boxes for ${members} members`,
        });
      const id = shown.get(key);
      if (id === undefined || mayRepeat) continue;
      const other = ids.get(entry.seal) ?? id;
      if (other !== id) found.push({ property: 'SS11', text: `${key} at ${name}: one SEAL gives two ids` });
      ids.set(entry.seal, other);
    }
  }
  return found;
}
