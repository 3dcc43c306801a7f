/**
 * [daemon E8] as far as Corosync can give it. What two members of a view deliver in it before the transitional signal
 * is the same up to the last safe message of either. What comes behind that may be the last messages of one side alone:
 * CPG has no mark where the transitional part of a ring begins [corosync 4.1, 4.4].
 */
import {
  historyOf,
  isSafe,
  isSelfDiscard,
  type Message,
  type Stay,
} from '../../../../daemon/testing/checks/history.js';
import type { SessionLog, Violation } from '../../../../daemon/testing/checks/log.js';

export function safePrefix(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  for (const [key, stays] of historyOf(logs).byView) {
    const [first, ...others] = stays.map((stay) => ({ stay, ids: idsUpToSafe(stay) }));
    if (!first) continue;
    const longest = others.reduce((most, each) => (each.ids.length > most.ids.length ? each : most), first);
    for (const stay of stays) {
      const got = idsOf(stay.messages);
      const at = longest.ids.findIndex((id, i) => i < got.length && id !== got[i]);
      if (at < 0) continue;
      const text = `view ${key}: ${stay.log.session} got ${got[at]} where ${longest.stay.log.session} got ${longest.ids[at]}`;
      found.push({ property: 'E8', text: `${text}, before a safe message` });
    }
  }
  return found;
}

const idsUpToSafe = ({ messages, before }: Stay): string[] => {
  const told = messages.slice(0, before);
  return idsOf(told.slice(0, told.findLastIndex(isSafe) + 1));
};

/** Without those that their senders discard. */
const idsOf = (messages: readonly Message[]): string[] =>
  messages.filter((message) => !isSelfDiscard(message)).map(({ id }) => id);
