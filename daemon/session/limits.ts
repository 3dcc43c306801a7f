/** Every limit of a session, with its default. The configuration names the same [daemon 3, 4.4]. */
import { SILENCE_TIMEOUT } from '../../lib/silence/limits.js';
import { defaultTableLimits, type TableLimits } from '../core/table-limits.js';

/** Limits of the sessions of a daemon: integers from 0, unless something else is said. */
export interface SessionLimits extends TableLimits {
  /** Sessions at once, those in their handshake included; default 10 000. One more is answered REJECT_QUOTA. */
  readonly maxSessions: number;
  /** The same of one address; 0, the default, for no limit. */
  readonly maxSessionsPerAddress: number;
  /** Handshakes that are served at once; from 1, default 1000. More connections wait for their turn. */
  readonly maxHandshakes: number;
  /** Milliseconds from the beginning of the handshake to its end; default 5000. Waiting for a turn does not count. */
  readonly handshakeTimeoutMs: number;
  /** Milliseconds without a sign of life from a client's machine that end its session; from 1000, default 15 000. */
  readonly clientSilenceTimeoutMs: number;
  /** Milliseconds before a first wrong password is answered; default 500. Further ones take longer. */
  readonly authFailureDelayMs: number;
  /**
   * A session for which that many messages wait, and whose socket has stopped taking bytes, is dropped [daemon 3.3];
   * default 1000.
   */
  readonly maxSessionMessages: number;
  /** Bytes that may wait for a session, whether its socket takes some or not; default 64 MiB. */
  readonly maxSessionBytes: number;
  /** Bytes of memory that may wait for all sessions together; default 512 MiB. With more, the session with the most ends. */
  readonly maxTotalBytes: number;
}

export const defaultLimits: SessionLimits = {
  ...defaultTableLimits,
  maxSessions: 10_000,
  maxSessionsPerAddress: 0,
  maxHandshakes: 1_000,
  handshakeTimeoutMs: 5_000,
  clientSilenceTimeoutMs: SILENCE_TIMEOUT,
  authFailureDelayMs: 500,
  maxSessionMessages: 1_000,
  maxSessionBytes: 64 * 1024 * 1024,
  maxTotalBytes: 512 * 1024 * 1024,
};

/** Groups one session may be in. Spread 5.0.1 has no limit; this one bounds what a client can make us keep. */
export const MAX_SESSION_GROUPS = 10_000;

/** Milliseconds that a handshake may take before others need not wait for it any more. */
export const HANDSHAKE_PATIENCE = 1_000;

/** Milliseconds that a connection may wait for its handshake to begin. */
export const HANDSHAKE_WAIT = 60_000;

/** Milliseconds that a password may wait for its check. */
export const LOGIN_WAIT = 120_000;

/** What one write hands to the kernel at most, so that a slow reader's progress is seen in steps of this size. */
export const MAX_WRITE_BYTES = 64 * 1024;

/** Bytes that a session which reads what it has missed is ahead of its socket, at most. */
export const MAX_REPLAY_BYTES = 1024 * 1024;

/**
 * Bytes that wait for a session above which joins and leaves of others in its groups wait too; a quarter of what may wait
 * for it, where that is less.
 */
export const MAX_BEHIND_BYTES = 4 * 1024 * 1024;

/** Milliseconds that a join or leave may wait for members that are behind and still read. */
export const MAX_CHANGE_WAIT = 10_000;

/** The same for the end of a session, and for its return: somebody may wait for what it holds. */
export const MAX_END_WAIT = 1_000;

/** The same for joins, leaves and ends, where half of what may wait for a member does; returns wait for `MAX_CHANGE_WAIT` then. */
export const MAX_LAST_WAIT = 60_000;

/** Milliseconds after which joins and leaves that wait are looked at again. */
export const CHANGE_RETRY = 5;

/**
 * Milliseconds without a finished write after which a socket counts as stopped. On one machine the system opens its
 * window in steps of megabytes, which a slow reader on a busy machine needs some 100 ms for.
 */
export const STALL_TIME = 1_000;

/** Pieces up to this size are copied together before they are written; a piece of its own costs more than the copy. */
export const MAX_GATHER_BYTES = 4 * 1024;

/** Milliseconds that `stop` waits for the clients to take what is already theirs. */
export const STOP_TIMEOUT = 1_000;

/** Clients that are asked at one time to go to another daemon, and milliseconds until the next ones are. */
export const MOVES_AT_ONCE = 500;
export const MOVE_PACE = 100;

/** Milliseconds that a daemon without the others gives its clients to go; those that stay are served. */
export const ALONE_TIME = 30_000;

/** Addresses of daemons that a client gets from its daemon. */
export const MAX_TOLD_ADDRESSES = 64;

/** Milliseconds between two sessions that end because too much waits for all of them: the time memory needs to come back. */
export const TOTAL_PAUSE = 100;
