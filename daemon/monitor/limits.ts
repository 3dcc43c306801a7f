/** What one who asks the monitor can cost: the pages are for a few people and programs, not for the public. */

/** Connections at one time; more are closed at once. */
export const MAX_CONNECTIONS = 64;
export const MAX_HEADER_BYTES = 8 * 1024;
/** Milliseconds for the header of a request. */
export const HEADERS_TIMEOUT = 5_000;
/** Milliseconds for a whole request. Bodies are not wanted, so it is no longer. */
export const REQUEST_TIMEOUT = 5_000;
/** Milliseconds that an idle connection is kept for the next request. */
export const KEEP_ALIVE_TIMEOUT = 5_000;
/** Milliseconds in which a connection must take or bring a byte, an answer that nobody reads included. */
export const SILENCE_TIMEOUT = 30_000;
/** How often the timeouts of requests are looked at, milliseconds. */
export const CHECK_INTERVAL = 1_000;

/** Entries of a list when nothing is asked for, and the most that can be asked for. */
export const DEFAULT_ENTRIES = 100;
export const MAX_ENTRIES = 10_000;
