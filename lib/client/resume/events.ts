/** What a connection that comes back after a loss reports, and what may be missing then. */
import type { MoveReason } from '../../wire/extension/addresses.js';
import type { GroupId } from '../../wire/group-id.js';

/**
 * Whether the connection is there: `open`; `reconnecting`, it was lost and looks for a daemon, or is handed what it missed;
 * `closed`, for good. Without `resume` it is never `reconnecting`.
 */
export type ConnectionState = 'open' | 'reconnecting' | 'closed';

/**
 * Why continuity was lost.
 *
 * | reason | says |
 * |---|---|
 * | `plain` | the daemon keeps nothing for clients that come back: a Spread daemon, or one without this feature |
 * | `forgotten` | no daemon knows the session any more: it was away for too long, or all daemons have started since |
 * | `overrun` | the daemon has kept less than what was missed |
 * | `diverged` | the lost daemon had delivered messages that no other one has |
 * | `parted` | the new daemon was in another part of a network that was cut |
 * | `restarted` | the new daemon has started since the loss |
 * | `slow` | the connection read too slowly |
 * | `not-permitted` | the group may not be joined any more: this member has left it |
 * | `key` | reserved: a secure group cannot be joined on a connection that comes back |
 */
export type GapReason =
  'overrun' | 'diverged' | 'parted' | 'restarted' | 'forgotten' | 'plain' | 'not-permitted' | 'key' | 'slow';

/**
 * Here messages and views of the group are missing, or may be: the connection was lost, and came back where nobody could
 * say what it had missed. The full view follows. Comes from connections with `resume` only.
 */
export interface GapEvent {
  /** Tells it from the other events. */
  readonly kind: 'gap';
  /** Name of the group. */
  readonly group: string;
  /** Why continuity was lost. */
  readonly reason: GapReason;
  /** Number of messages of the group that are missing; null where nobody knows. */
  readonly missed: number | null;
  /** Milliseconds from the loss of the connection to its return. */
  readonly awayMs: number;
  /** Id of the last view before it. */
  readonly since: GroupId;
}

/** The connection was lost and looks for a daemon. Losses up to `resumed` are one. */
export interface ReconnectingEvent {
  /** What broke the connection, if anything is known. */
  readonly cause: Error | undefined;
  /** Losses of this connection so far, this one included. */
  readonly attempt: number;
  /** Address of the daemon that was lost. */
  readonly address: string;
}

/**
 * The daemon has asked the connection to go, and it goes to another daemon, to which it is connected already. Nothing is missing and
 * nothing comes twice.
 */
export interface MovedEvent {
  /** Why: `drain`, the daemon is about to stop; `balance`, it has too many clients. */
  readonly reason: Exclude<MoveReason, 'alone'>;
  /** Address of the daemon that it goes to. */
  readonly address: string;
}

/** The connection is back. Where its session continues, everything that it missed has been handed on. */
export interface ResumedEvent {
  /** Address of the daemon that it is connected to now. */
  readonly address: string;
  /** Milliseconds since the loss. */
  readonly awayMs: number;
  /** The id before and after, when it is another one. */
  readonly moved: {
    /** The id before the loss. */
    readonly from: string;
    /** The id from now on. */
    readonly to: string;
  } | null;
  /**
   * Number of groups in which something is or may be missing. Each of them has the event `gap`: before this where the session
   * continues, after it where a new one begins.
   */
  readonly gaps: number;
}
