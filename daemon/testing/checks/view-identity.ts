/**
 * [daemon E5]: sessions that get a view with the same group and id get the same one: members, cause, who changed, vs
 * sets. A view lists nobody twice, and the sets of a network change divide its members, the receiver in its own set.
 */
import { groupBy } from './group-by.js';
import { historyOf, type Stay } from './history.js';
import type { SessionLog, Violation, ViewEntry } from './log.js';

export const viewIdentity = (logs: readonly SessionLog[]): Violation[] => identityFaults(logs, () => false);

/** @param isExcused whether the stays in two different views may have one id */
export function identityFaults(
  logs: readonly SessionLog[],
  isExcused: (one: readonly Stay[], other: readonly Stay[]) => boolean,
): Violation[] {
  const found: Violation[] = [];
  const report = (text: string): void => void found.push({ property: 'E5', text });
  for (const [key, stays] of historyOf(logs).byView) {
    for (const { log, view } of stays) {
      const fault = shapeFault(log, view);
      if (fault !== null) report(`${log.session}, view ${key}: ${fault}`);
    }
    const views = [...groupBy(stays, ({ view }) => textOf(view))];
    for (const [i, [text, one]] of views.entries()) {
      for (const [otherText, other] of views.slice(i + 1)) {
        if (isExcused(one, other)) continue;
        report(`view ${key} is ${text} at ${sessionsOf(one)}, ${otherText} at ${sessionsOf(other)}`);
      }
    }
  }
  return found;
}

const sessionsOf = (stays: readonly Stay[]): string => stays.map(({ log }) => log.session).join();

const textOf = ({ cause, changed, members, sets }: ViewEntry): string =>
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
