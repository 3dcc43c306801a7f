/** Where a member is in the life of its group. */
import type { Component } from './component.js';
import type { Message } from './messages.js';

/** A message that has its place in the order. */
export interface Ordered {
  readonly sender: string;
  readonly message: Message;
}

export type Place =
  | { readonly kind: 'joining' | 'left' }
  | {
      readonly kind: 'agreeing';
      /** What came since this member's own statement: it belongs to what it is given if others go on. */
      missed: Ordered[] | null;
    }
  | { readonly kind: 'placed'; readonly component: Component };

/** What a member is doing. */
export type Phase =
  /** It has no view yet. */
  | 'joining'
  /** It is not known whose state continues. */
  | 'agreeing'
  /** It is being given the state that continues. */
  | 'loading'
  /** It has the state that continues, and a quorum has not voted for it yet. */
  | 'forming'
  /** Commands are applied. */
  | 'primary'
  /** Too few that have the state are left. */
  | 'minority'
  | 'left';

export function phaseOf(place: Place, self: string): Phase {
  if (place.kind !== 'placed') return place.kind;
  const { component } = place;
  if (!component.holders.has(self)) return 'loading';
  if (!component.isFormed) return 'forming';
  return component.isPrimary ? 'primary' : 'minority';
}
