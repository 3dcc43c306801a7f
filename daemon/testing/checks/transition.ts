/**
 * [daemon E10]: the transitional signal comes exactly once in a view, with the id of that view, when and only when the
 * group loses members; the next regular view is a network change.
 */
import { companions, historyOf, type Stay } from './history.js';
import type { SessionLog, Violation } from './log.js';

export function transition(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  const report = (log: SessionLog, text: string): void => {
    found.push({ property: 'E10', text: `${log.session}: ${text}` });
  };
  for (const log of logs) for (const text of idFaults(log)) report(log, text);
  for (const stay of historyOf(logs).stays) {
    const { log, group, view, transitions, next } = stay;
    const where = `view ${view.gid} of ${group}`;
    if (transitions > 1) report(log, `${where} has ${transitions} transitional signals`);
    if (next === null) continue;
    if (transitions > 0 && next.cause !== 'network')
      report(log, `after the signal in ${where} a ${next.cause}`);
    if (next.cause !== 'network') continue;
    const lost = lostIn(stay);
    if (transitions > 0 && lost.length === 0) report(log, `a signal in ${where}, and nobody is lost`);
    if (transitions === 0 && lost.length > 0)
      report(log, `no signal in ${where}, and ${lost.join()} is lost`);
  }
  return found;
}

/** Members that did not come along. */
function lostIn({ view, next }: Stay): readonly string[] {
  const stayed = next ? companions(next) : [];
  return view.members.filter((member) => !stayed.includes(member));
}

/** Signals that do not belong to the present view. */
function idFaults(log: SessionLog): string[] {
  const found: string[] = [];
  const present = new Map<string, string>();
  for (const entry of log.entries) {
    if (entry.kind === 'view') present.set(entry.group, entry.gid);
    else if (entry.kind === 'self-leave') present.delete(entry.group);
    else if (entry.kind === 'transition' && present.get(entry.group) !== entry.gid) {
      found.push(`a signal of view ${entry.gid} of ${entry.group} in ${present.get(entry.group) ?? 'none'}`);
    }
  }
  return found;
}
