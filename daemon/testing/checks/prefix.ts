/**
 * [daemon E8]: what two members of a view deliver in it before the transitional signal, one is the beginning of the
 * other.
 */
import { historyOf, isSelfDiscard, type Stay } from './history.js';
import type { SessionLog, Violation } from './log.js';

export function prefix(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  for (const [key, stays] of historyOf(logs).byView) {
    const sequences = stays.map((stay) => ({ stay, ids: idsBefore(stay) }));
    const longest = sequences.reduce<(typeof sequences)[number] | null>(
      (most, each) => (most === null || each.ids.length > most.ids.length ? each : most),
      null,
    );
    if (!longest) continue;
    for (const { stay, ids } of sequences) {
      const at = ids.findIndex((id, i) => id !== longest.ids[i]);
      if (at < 0) continue;
      const text = `view ${key}: ${stay.log.session} got ${ids[at]} where ${longest.stay.log.session} got ${longest.ids[at]}`;
      found.push({ property: 'E8', text });
    }
  }
  return found;
}

/** Without those that their senders discard. */
const idsBefore = ({ messages, before }: Stay): string[] =>
  messages
    .slice(0, before)
    .filter((message) => !isSelfDiscard(message))
    .map(({ id }) => id);
