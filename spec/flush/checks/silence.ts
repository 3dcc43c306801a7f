/** [flush-layer VS5]: nothing is sent between a FLUSH_OK and the next view. */
import { historyOf } from './history.js';
import type { MembershipLog, Violation } from './log.js';

export const silence = (logs: readonly MembershipLog[]): Violation[] =>
  historyOf(logs).stays.flatMap(({ log, view, late }) =>
    late.map((id) => ({ property: 'VS5', text: `${log.name} flushed in ${view.view}, then sent ${id}` })),
  );
