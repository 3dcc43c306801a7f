import type { Buffer } from 'node:buffer';
import type { Return } from '../../lib/wire/extension/daemon-frames.js';

/** How the session of a join wants it. */
export interface JoinMode {
  /** Its lists only when it asks for them; only its own daemon knows. */
  readonly onDemand: boolean;
  /** Of a session of another daemon: whether it gets whole views. */
  readonly getsWhole: boolean;
}

/** A membership request: JOIN_MESS, LEAVE_MESS or KILL_MESS; or a session that returns. */
export interface Request {
  /** DAEMON_MESS for a session that returns. */
  readonly kind: number;
  /** The session's private group. */
  readonly sender: Buffer;
  /** All zero with KILL_MESS and for a session that returns. */
  readonly group: Buffer;
  /** Id of the session, where it is resumable. */
  readonly sid?: bigint;
  /** Of a join; without it the session gets whole views. */
  readonly mode?: JoinMode;
  /** What is said of a session that returns. */
  readonly told?: Return;
}
