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
/** Characters of what the entries of a list are to contain. */
export const MAX_MATCH = 64;

// The feed of the console.

/** Feeds at one time; one more is refused. */
export const MAX_FEEDS = 8;
/** Bytes that may wait for one who reads a feed; beyond them the feed is cut. */
export const MAX_FEED_BYTES = 256 * 1024;
/** Milliseconds between two rounds of lines. */
export const FEED_INTERVAL = 1_000;
/** Events that are kept for the next feed. */
export const KEPT_EVENTS = 500;
/** Rounds of rates that are kept for the next feed. */
export const KEPT_RATES = 300;
/** Events written in one second; beyond that only their number. */
export const MAX_EVENTS = 200;
/** Groups that a feed lists, those with the most members. */
export const LISTED_GROUPS = 200;
/** Sessions that a feed lists, those with the most waiting bytes. */
export const LISTED_SESSIONS = 50;
/** Members of the open group that a feed lists. */
export const LISTED_MEMBERS = 2_000;
/** The groups are looked at for at most one part in this many of the time. */
export const SCAN_SHARE = 50;
/** Daemons that are remembered when they are away. */
export const MAX_AWAY = 128;
