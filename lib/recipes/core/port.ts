/**
 * What lies between the core of a recipe and its surroundings. A core is a state machine: what happens in its group
 * comes in as calls, in the one order of the group, and what it wants goes out through a sink. It knows no clock, no
 * timer and no chance; time and random numbers are handed in.
 */
import type { Buffer } from '#buffer';
import type { ViewEvent } from '../../client/event.js';
import type { Delivery } from '../../primary/delivery.js';

/** What a core wants to know of a view. */
export type RecipeView = Pick<ViewEvent, 'id' | 'members' | 'cause' | 'cameWithMe'> & {
  /** Members that were members before under another id, as the daemon says. */
  readonly returned?: readonly { readonly from: string; readonly to: string }[];
};

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
  /**
   * The connection is lost: whatever this member has or is because the others leave it to it, it has and is no more. What
   * is still told, until `rejoined`, is of the time before; nothing is to come of it before `resumed`.
   */
  lost(now: number): void;
  /**
   * The group has continued without this member, which is a member again under this id: the view follows.
   * @param isWhole whether it got everything that it missed
   */
  rejoined(self: string, isWhole: boolean, now: number): void;
  /**
   * The group continues without this member, and nothing of that is missing: a view in which it is not. Most cores have no use
   * for it.
   */
  observe?(view: RecipeView, now: number): void;
  /** A message to the group in such a view. @returns as `message` */
  overhear?(sender: string, body: Buffer, now: number): DropReason | null;
  /**
   * A message to the group of one that is not a member, which no member takes. What this member has sent can be ordered before it
   * is a member again.
   * @returns whether it is its own
   */
  unheard?(sender: string, body: Buffer): boolean;
  /** The daemon has refused a private message of this member, which can go another way. A core without it has none. */
  refused?(): void;
  /** The connection is back, and what it hands out is of now. */
  resumed(now: number): void;
  /** The group was left, or the connection is gone: nothing follows. */
  left(now: number): void;
  /** To be called when `now` has reached `dueAt`. */
  tick(now: number): void;
  /** When `tick` wants to be called; Infinity: never. */
  readonly dueAt: number;
}
