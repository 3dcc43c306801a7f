/** The time of one engine in one daemon view, read from its log. */
import type { DaemonId, View } from '../../../daemon/engine/port.js';
import type { EngineEntry, EngineLog } from '../../../daemon/testing/network/engine-log.js';

export interface Spell {
  readonly log: EngineLog;
  readonly view: View;
  readonly messages: Extract<EngineEntry, { kind: 'message' }>[];
  /** How many of them came before the transitional event; all of them without one. */
  before: number;
  transitional: readonly DaemonId[] | null;
  /** Up to where all members were said to have the payloads. */
  stable: number;
  next: View | null;
}

export function spellsOf(log: EngineLog): Spell[] {
  const spells: Spell[] = [];
  let present: Spell | null = null;
  for (const entry of log.entries) {
    if (entry.kind === 'view') {
      if (present) present.next = entry.view;
      present = { log, view: entry.view, messages: [], before: 0, transitional: null, stable: 0, next: null };
      spells.push(present);
    } else if (present && entry.kind === 'transitional') {
      present.transitional = entry.members;
    } else if (present && entry.kind === 'stable') {
      present.stable = Math.max(present.stable, entry.index);
    } else if (present && entry.kind === 'message') {
      present.messages.push(entry);
      if (!present.transitional) present.before++;
    }
  }
  return spells;
}
