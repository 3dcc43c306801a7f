/** What a daemon can do with the position of a client that comes back: replay from a place in its ring, or say why not. */
import type { GapReason } from '../../lib/wire/extension/gap.js';
import type { Position } from '../../lib/wire/extension/position.js';
import type { Ring } from './ring.js';
import { hashOf, type RingView } from './ring-entry.js';

export type Located =
  /** All that comes after the mark's `from` begins with that entry of the ring. */
  | { readonly kind: 'whole'; readonly first: number }
  /** The position is ahead of this daemon in the view that is in force. */
  | { readonly kind: 'ahead' }
  | { readonly kind: 'gap'; readonly reason: GapReason };

/**
 * @param now milliseconds, of the same clock as the ring's @param started when this daemon began
 */
export function locate(ring: Ring, position: Position, now: number, started: number): Located {
  const { tag, from, to, hash, awayMs } = position;
  if (tag === 0n && to === 0 && hash === 0n) return gap('diverged');
  const { history } = ring;
  if (tag === history.tag && to > history.index) return { kind: 'ahead' };
  const view = ring.views.find((each) => each.tag === tag);
  if (!view) {
    if (ring.isPast(tag)) return gap('overrun');
    return gap(now - awayMs < started ? 'restarted' : 'parted');
  }
  const at = hashAt(ring, view, to, from === to);
  if (at === null) return gap(to > lastIndex(ring, view) ? 'diverged' : 'overrun');
  if (at !== hash) return gap('diverged');
  const first = firstAfter(ring, view, from);
  return first < 0 ? gap('overrun') : { kind: 'whole', first };
}

const gap = (reason: GapReason): Located => ({ kind: 'gap', reason });

/**
 * The hash at a place of the view; null when the ring does not know it.
 * @param isBehind whether the place is meant that lies behind an exchange which its payload completed: that of a mark
 * without payloads. A batch that ends there has the hash before
 */
function hashAt(ring: Ring, view: RingView, index: number, isBehind: boolean): bigint | null {
  if (index === 0) return view.hash;
  const number = ring.find(view, index);
  if (number >= 0) {
    const entry = ring.at(number);
    return (isBehind ? entry.behind : null) ?? hashOf(entry);
  }
  const { before } = ring;
  return before?.tag === view.tag && before.index === index && isBehind ? before.hash : null;
}

/** Number of the first entry behind that payload of the view; -1 when something is missing between. */
function firstAfter(ring: Ring, view: RingView, index: number): number {
  if (index === 0) return view.first >= ring.first ? view.first : -1;
  const number = ring.find(view, index);
  if (number >= 0) return number + 1;
  const { before } = ring;
  return before?.tag === view.tag && before.index === index ? ring.first : -1;
}

/** Index of the last payload that this daemon delivered in the view. */
function lastIndex(ring: Ring, view: RingView): number {
  const end = ring.endOf(view);
  if (end > Math.max(view.first, ring.first)) return ring.at(end - 1).index;
  return ring.before?.tag === view.tag ? ring.before.index : Infinity;
}
