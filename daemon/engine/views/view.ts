/** The view that an INSTALL describes [corosync 5.2.5]. */
import { Buffer } from 'node:buffer';
import { fnv64 } from '../../../lib/util/hash.js';
import type { DaemonId, View, ViewId } from '../port.js';
import { type Entry, equalPasts } from './control.js';
import { sameAddress } from './view-agreement.js';

export const viewId = (text: string): ViewId => ({ text, tag: fnv64(Buffer.from(text, 'latin1')) });

/** @param self is one of the entries */
export function viewOf(id: ViewId, entries: readonly Entry[], self: DaemonId, previous: ViewId | null): View {
  const members = entries.map((entry): DaemonId => {
    const { node, pid, inc, name } = entry;
    return sameAddress(entry, self) ? self : { node, pid, inc, name };
  });
  return { id, members, sets: setsOf(entries, members, self), previous };
}

/** The members by common past, those with the own past first. */
function setsOf(entries: readonly Entry[], members: readonly DaemonId[], self: DaemonId): DaemonId[][] {
  const sets: { first: Entry; members: DaemonId[] }[] = [];
  for (const [i, entry] of entries.entries()) {
    const member = members[i] as DaemonId;
    const set = sets.find(({ first }) => equalPasts(first.past, entry.past));
    if (set) set.members.push(member);
    else sets.push({ first: entry, members: [member] });
  }
  const own = sets.findIndex((set) => set.members.includes(self));
  return [...sets.splice(own, 1), ...sets].map((set) => set.members);
}
