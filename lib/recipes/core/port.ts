/**
 * What lies between the core of a recipe and its surroundings. A core is a state machine: what happens in its group
 * comes in as calls, in the one order of the group, and what it wants goes out through a sink. It knows no clock, no
 * timer and no chance; time and random numbers are handed in.
 */
import type { Buffer } from 'node:buffer';
import type { ViewEvent } from '../../client/event.js';
import type { Delivery } from '../../primary/delivery.js';

/** What a core wants to know of a view. */
export type RecipeView = Pick<ViewEvent, 'id' | 'members' | 'cause' | 'cameWithMe'>;

/** What the core of every recipe sends through. */
export interface Sender {
  /** To the group. Safe messages are delivered before the next transitional signal only if everybody gets them. */
  send(body: Buffer, service: Delivery): void;
  /** To one member alone. */
  sendTo(to: string, body: Buffer): void;
}

/** Why a message does not count. */
export type DropReason =
  /** Its sender is not a member. */
  | 'stranger'
  /** It is of another version of the recipes' format. */
  | 'version'
  /**
   * It is damaged, a field is out of its bounds, it came privately instead of to the group or the other way round, or with a
   * weaker service than its kind needs.
   */
  | 'malformed'
  /** A private message that its sender does not owe: nobody asked for it. */
  | 'unowed';

/** The inputs of every core. `now` is in milliseconds since 1970 and never goes back while the program runs. */
export interface RecipeCore {
  /** What every message to the group has to be sent with, at least. */
  readonly needs: Delivery;
  view(view: RecipeView, now: number): void;
  /** The transitional signal: the view is about to end, and what comes up to the next one reaches only some. */
  transition(now: number): void;
  /**
   * A message to the group, or to this member alone.
   * @returns why it is ignored; null for one that counts, and for one that was right and comes too late
   */
  message(sender: string, body: Buffer, now: number): DropReason | null;
  /** The group was left, or the connection is gone: nothing follows. */
  left(now: number): void;
  /** To be called when `now` has reached `dueAt`. */
  tick(now: number): void;
  /** When `tick` wants to be called; Infinity: never. */
  readonly dueAt: number;
}
