/**
 * [daemon E5] as far as Corosync can give it. Each side of a break may deliver last joins and leaves of its own before
 * the signal, and number its views alike: CPG has no mark where the transitional part of a ring begins
 * [corosync 4.1, 4.4]. One id then names two views, but never to two members that stay together.
 */
import { companions, historyOf, type Stay } from '../../../../daemon/testing/checks/history.js';
import type { SessionLog, Violation } from '../../../../daemon/testing/checks/log.js';
import { identityFaults } from '../../../../daemon/testing/checks/view-identity.js';

export function oneSideIdentity(logs: readonly SessionLog[]): Violation[] {
  const moves = movesOf(historyOf(logs).stays);
  return identityFaults(logs, (one, other) => areApart(one, other, moves));
}

/** With whom each stay got to the next network view of its group; without an entry it got to none. */
type Moves = ReadonlyMap<Stay, readonly string[]>;

function movesOf(stays: readonly Stay[]): Moves {
  const moves = new Map<Stay, readonly string[]>();
  // From the last one back, since the stay of a view's successor may lead to the network view.
  const byView = new Map(stays.map((stay) => [stay.view, stay]));
  for (const stay of stays.toReversed()) {
    const { next } = stay;
    if (next === null) continue;
    const move = next.cause === 'network' ? companions(next) : moves.get(byView.get(next) as Stay);
    if (move) moves.set(stay, move);
  }
  return moves;
}

/** Joins and leaves alone, and no member that saw a network view afterwards came there with one of the other view. */
function areApart(one: readonly Stay[], other: readonly Stay[], moves: Moves): boolean {
  const all = [...one, ...other];
  if (all.some(({ view }) => view.cause === 'network')) return false;
  const meets = (stays: readonly Stay[], others: readonly Stay[]): boolean =>
    stays.some((stay) => others.some(({ log }) => moves.get(stay)?.includes(log.privateGroup)));
  return all.some((stay) => moves.has(stay)) && !meets(one, other) && !meets(other, one);
}
