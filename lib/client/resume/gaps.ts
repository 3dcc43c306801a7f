/** Hands events out with what goes before or behind them after a loss: the gap of a group, and its end. */
import { reportGap } from '../../mailbox/diagnostics.js';
import type { ConnectionEvent } from '../event.js';
import type { Memberships } from '../memberships.js';

/** @param own id of the connection, for subscribers of gaps */
export function handOutInOrder(
  event: ConnectionEvent,
  memberships: Memberships,
  own: string,
  handOut: (event: ConnectionEvent) => void,
): void {
  const gap =
    event.kind === 'view' || event.kind === 'self-leave' ? memberships.gapBefore(event.group) : null;
  if (gap !== null) {
    reportGap({ id: own, ...gap });
    handOut(gap);
  }
  handOut(event);
  const late = event.kind === 'view' ? memberships.gapBehind(event.group) : null;
  if (late !== null) {
    reportGap({ id: own, ...late });
    handOut(late);
    handOut(event);
  }
  const end = event.kind === 'reject' ? memberships.endOf(event) : null;
  if (end === null) return;
  reportGap({ id: own, ...end[0] });
  for (const each of end) handOut(each);
}
