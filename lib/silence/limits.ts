/** Times of silence. */

/** Milliseconds of silence that end a connection, unless the caller says otherwise. */
export const SILENCE_TIMEOUT = 15_000;
/** The shortest time: keepalive counts in seconds. */
export const MIN_SILENCE_TIMEOUT = 1_000;
/** What a timer can hold. */
export const MAX_SILENCE_TIMEOUT = 0x7fff_ffff;
