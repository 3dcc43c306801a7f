/** Every size and count of the channels in one place [channels 4, 15.1, 17, 18]. */
import { MAX_PORTABLE_BYTES, NAME_BYTES } from '../wire/limits.js';

/** Longest channel name in bytes of UTF-8. */
export const MAX_CHANNEL_NAME = 47;
export const MAX_METADATA_BYTES = 1024;

export const DEFAULT_MAX_BUFFERED = 100;
export const DEFAULT_MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
export const DEFAULT_MAX_BODY = 1024 * 1024;
/** Milliseconds after which a name whose owner is unreachable may be taken over [channels 15.4]. */
export const DEFAULT_ORPHAN_TIMEOUT_MS = 30_000;

/** What `maxBody` can be at most: one message of that size is put together in memory. */
export const LARGEST_BODY = 256 * 1024 * 1024;
/** Settings that travel as unsigned 32-bit words. */
export const MAX_WORD = 0xffff_ffff;

/** Calls that a server's library keeps until the application receives; further ones are refused with CHANNEL_FULL. */
export const MAX_QUEUED_CALLS = 65_536;

/** Shots of one timer that wait to be received; those beyond are left out. */
export const MAX_WAITING_SHOTS = 1000;

/** Most bytes of one message among clients with one destination. Longer bodies go in parts. */
export const MAX_PIECE = MAX_PORTABLE_BYTES - NAME_BYTES;
/** Bytes of a registry table in one message; with several receivers the names count too. */
export const TABLE_PIECE = 64 * 1024;
/** Newcomers that are sent the table one by one; more of them get it through the group. */
export const MAX_TABLE_RECEIVERS = 50;
/** Bytes of a table that a member is ready to put together: more than 400,000 names without metadata, 50,000 with all of it. */
export const MAX_TABLE_BYTES = 64 * 1024 * 1024;
/** Pieces of one table. All but the last are full. */
export const MAX_TABLE_PIECES = MAX_TABLE_BYTES / TABLE_PIECE;
/** Most returns of members that one member names, the newest: each state of an exchange has them, and is one message. */
export const MAX_RETURNS = 1_000;

/** Group that holds the registry, unless another one is named. */
export const REGISTRY_GROUP = '$channels';
/** The 16-bit type of every message of ours: how they are told from those of the application. */
export const CHANNEL_MESSAGE = 0x4d53;

/** Milliseconds for the one who speaks for others in an exchange of tables, after which the next one speaks, too. */
export const SPEAKER_LIMIT_MS = 1_000;
/** Milliseconds for all parts to speak in an exchange of tables, after which the others go on without those that say nothing. */
export const SILENCE_LIMIT_MS = 5_000;

/** Members that a connection names in warnings; of further ones only subscribers to the diagnostics hear. */
export const MAX_NAMED_MEMBERS = 100;
