/**
 * What lies between the core of a recipe and its surroundings. A core is a state machine: what happens in its group
 * comes in as calls, in the one order of the group, and what it wants goes out through a sink. It knows no clock, no
 * timer and no chance; time and random numbers are handed in.
 */
import type { Buffer } from 'node:buffer';
import type { ViewEvent } from '../../client/event.js';

/** What a core wants to know of a view. */
export type RecipeView = Pick<ViewEvent, 'id' | 'members' | 'cause' | 'cameWithMe'>;

/** What the core of every recipe sends through. */
export interface Sender {
  /** To the group. Safe messages are delivered before the next transitional signal only if everybody gets them. */
  send(body: Buffer, service: 'agreed' | 'safe'): void;
  /** To one member alone. */
  sendTo(privateName: string, body: Buffer): void;
}

/**
 * The inputs of every core. `now` is in milliseconds since 1970 and never goes back while the program runs.
 * A message that is none of the recipe, or a damaged one, is ignored.
 */
export interface RecipeCore {
  view(view: RecipeView, now: number): void;
  /** The transitional signal: the view is about to end, and what comes up to the next one reaches only some. */
  transition(now: number): void;
  /** A message to the group, or to this member alone. */
  message(sender: string, body: Buffer, now: number): void;
  /** The group was left, or the connection is gone: nothing follows. */
  left(now: number): void;
  /** To be called when `now` has reached `dueAt`. */
  tick(now: number): void;
  /** When `tick` wants to be called; Infinity: never. */
  readonly dueAt: number;
}
