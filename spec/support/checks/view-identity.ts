/**
 * [daemon E5]: sessions that get a view with the same group and id get the same one: members, cause, who changed, vs
 * sets. A view lists nobody twice, and the sets of a network change divide its members, the receiver in its own set.
 */
import { historyOf } from './history.js';
import type { SessionLog, Violation, ViewEntry } from './log.js';

export function viewIdentity(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  for (const [key, stays] of historyOf(logs).byView) {
    const [first] = stays;
    const expected = first && text(first.view);
    for (const { log, view } of stays) {
      const fault = shapeFault(log, view);
      if (fault !== null) found.push({ property: 'E5', text: `${log.session}, view ${key}: ${fault}` });
      if (text(view) === expected) continue;
      found.push({
        property: 'E5',
        text: `view ${key} is ${expected} at ${first?.log.session}, ${text(view)} at ${log.session}`,
      });
    }
  }
  return found;
}

const text = ({ cause, changed, members, sets }: ViewEntry): string =>
  `${cause} ${changed ?? ''} {${members.join()}} sets ${sets.map((set) => `{${set.join()}}`).join('')}`;

function shapeFault(log: SessionLog, { cause, changed, members, sets, own }: ViewEntry): string | null {
  if (new Set(members).size !== members.length) return `a member twice in ${members.join()}`;
  if (!members.includes(log.privateGroup)) return 'the receiver is not in it';
  if (cause !== 'network') {
    return sets.length === 1 && sets[0]?.join() === changed ? null : 'its vs set is not the one who changed';
  }
  if (!sets[own]?.includes(log.privateGroup)) return 'the receiver is not in its own set';
  const all = sets.flat();
  const same = all.length === members.length && all.every((each) => members.includes(each));
  return same ? null : `its sets hold ${all.join()}, not its members`;
}
