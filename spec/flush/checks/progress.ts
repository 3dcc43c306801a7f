/** [flush-layer VS13]: when all is quiet, everybody has the last plain view, in the steady state, and nothing waits. */
import { historyOf, isLiving } from './history.js';
import type { MembershipLog, PlainViewEntry, Violation } from './log.js';

export function progress(logs: readonly MembershipLog[]): Violation[] {
  const { stays } = historyOf(logs);
  const found: Violation[] = [];
  for (const log of logs) {
    const plain = log.entries.findLast((entry): entry is PlainViewEntry => entry.kind === 'plain-view');
    if (!isLiving(log) || !plain) continue;
    const stay = stays.findLast((each) => each.log === log);
    const tell = (text: string): void => void found.push({ property: 'VS13', text: `${log.name} ${text}` });
    if (stay?.view.view !== plain.view) tell(`has ${stay?.view.view ?? 'no view'}, not ${plain.view}`);
    const { final } = log;
    if (!final) continue;
    if (final.member !== 'joined' || final.state !== 'steady') tell(`is ${final.member}, ${final.state}`);
    if (!final.isSettled || !final.saidSettled) tell('has a change under way');
    if (final.held > 0) tell(`holds ${final.held} messages`);
  }
  return found;
}
