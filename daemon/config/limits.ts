/** Every limit of the configuration language: [daemon 4.2 to 4.4]. */

export const MAX_SEGMENTS = 20;
export const MAX_SEGMENT_ADDRESSES = 5;
/** In the whole file, which bounds every segment as well. */
export const MAX_DAEMONS = 128;
export const MAX_INTERFACES = 10;

export const MAX_DIGITS = 9;
export const MAX_PORT = 65_535;

/** DaemonUser and DaemonGroup. */
export const MAX_ACCOUNT_NAME = 32;
/** What a local socket's path (107 bytes) leaves for the directory, before `/` and the port. */
export const MAX_UNIX_DIR_BYTES = 101;
/** `CPG_MAX_NAME_LENGTH`, less the NUL behind it. */
export const MAX_COROSYNC_GROUP = 127;

/** Bytes of one WebSocket message: clients cut their stream into pieces of the least. */
export const MIN_WEB_MESSAGE = 16_384;
/** The longest message of a session, with room for its header. */
export const MAX_WEB_MESSAGE = 131_072;
export const MIN_WEB_BUFFERED = 65_536;
