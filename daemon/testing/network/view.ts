/** One daemon view of the ideal engines: the order of its payloads, and how far each member has got in it. */
import type { Buffer } from 'node:buffer';
import type { ViewId } from '../../engine/port.js';

/** What a view asks of an engine in it. */
interface Member {
  /** The view that it is in. */
  readonly current: unknown;
}

export interface Item<E> {
  readonly id: string;
  readonly sender: E;
  readonly payload: Buffer;
  readonly safe: boolean;
  readonly exchange: boolean;
}

/** One member's part in a view. */
export interface MemberPosition<E> {
  readonly engine: E;
  /** The set it came in. */
  readonly set: readonly E[];
  /** How far it goes in the view before, until it comes here; the members of its set go as far. */
  readonly common: number;
  /** Payloads that have reached it. */
  have: number;
  delivered: number;
  /** Payloads that it knows to be everywhere. */
  stable: number;
  /** When the last of what is on its way to it arrives. */
  due: number;
}

export class IdealView<E extends Member> {
  readonly items: Item<E>[] = [];
  /** In order of the view. */
  readonly places = new Map<E, MemberPosition<E>>();
  /** Another view is on its way: nothing more is ordered or received. */
  isClosed = false;
  isOrdering = false;
  /** Whose turn it is to order its payloads. */
  turn = 0;

  constructor(readonly id: ViewId) {}

  get members(): E[] {
    return [...this.places.keys()];
  }

  /** What every member has. Who has not come into the view yet has nothing to say. */
  get everywhere(): number {
    let least = this.items.length;
    for (const { engine, have } of this.places.values())
      least = Math.min(least, engine.current === this ? have : 0);
    return least;
  }

  /** The sets of members by common past, in order of their first. */
  get sets(): readonly (readonly E[])[] {
    return [...new Set([...this.places.values()].map(({ set }) => set))];
  }
}
