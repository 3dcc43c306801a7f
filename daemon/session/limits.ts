/** Every limit of a session, with its default. The configuration names the same (daemon-semantics.md 3, 4.4). */

export interface SessionLimits {
  /** Sessions at once, those in their handshake included. One more is answered REJECT_QUOTA. */
  readonly maxSessions: number;
  /** Connections in their handshake at once. One more, and the oldest of them ends. */
  readonly maxHandshakes: number;
  /** Milliseconds from accept to the end of the handshake. */
  readonly handshakeTimeout: number;
  /** Milliseconds before a wrong password is answered. */
  readonly authFailureDelay: number;
  /** A session for which so many messages wait, and whose socket has stopped taking bytes, is dropped (3.3). */
  readonly maxSessionMessages: number;
  /** Bytes that may wait for a session, whether its socket takes some or not. */
  readonly maxSessionBytes: number;
  /** Bytes of memory that may wait for all sessions together; with more, the session with the most ends. */
  readonly maxTotalBytes: number;
}

export const defaultLimits: SessionLimits = {
  maxSessions: 10_000,
  maxHandshakes: 1_000,
  handshakeTimeout: 5_000,
  authFailureDelay: 500,
  maxSessionMessages: 1_000,
  maxSessionBytes: 64 * 1024 * 1024,
  maxTotalBytes: 512 * 1024 * 1024,
};

/** Groups one session may be in. The reference has no limit; this one bounds what a client can make us keep. */
export const MAX_SESSION_GROUPS = 10_000;

/** What one write hands to the kernel at most, so that a slow reader's progress is seen in steps of this size. */
export const MAX_WRITE_BYTES = 64 * 1024;

/**
 * Milliseconds without a finished write after which a socket counts as stopped. On one machine the system opens its
 * window in steps of megabytes, which a slow reader on a busy machine needs some 100 ms for.
 */
export const STALL_TIME = 1_000;

/** Pieces up to this size are copied together before they are written; a piece of its own costs more than the copy. */
export const MAX_GATHER_BYTES = 4 * 1024;

/** Milliseconds that `stop` waits for the clients to take what is already theirs. */
export const STOP_TIMEOUT = 1_000;

/** Milliseconds between two sessions that end because too much waits for all of them: the time memory needs to come back. */
export const TOTAL_PAUSE = 100;
