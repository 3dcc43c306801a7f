/** Every size, count and time of the recipes. */
import { MAX_JSON_DEPTH } from '../../util/json-depth.js';
import { MAX_PORTABLE_BYTES, NAME_BYTES } from '../../wire/limits.js';

/** What envelope and fields of a recipe's message take at most, besides the payload. */
const ENVELOPE_BYTES = 512;

/** Longest payload of one message: a command, a request, an answer. Fits every daemon. */
export const MAX_PAYLOAD_BYTES = MAX_PORTABLE_BYTES - NAME_BYTES - ENVELOPE_BYTES;

/** Lists and records in each other: a command and a state have some more around a value of JSON. */
export const MAX_COMMAND_DEPTH = MAX_JSON_DEPTH + 5;
export const MAX_STATE_DEPTH = MAX_COMMAND_DEPTH + 5;

/** Latest time that a date can hold, in milliseconds since 1970. */
export const MAX_DATE = 8.64e15;

/** Longest metadata of a member. */
export const MAX_METADATA_BYTES = 16 * 1024;
/** Longest key of a person, in bytes of UTF-8: what the subject of a token may have. */
export const MAX_KEY_BYTES = 128;

/** Silent members that a message names; more of them only make elections slower. */
export const MAX_SILENT_NAMES = 1000;

/** Members that have taken part for long, of which a claim says since when. */
export const MAX_ELDERS = 5;

/** Longest word for what is replicated, in characters. */
export const MAX_LABEL = 200;

/** Longest name of a request for a state, or of a snapshot, in characters. */
export const MAX_REQUEST_NAME = 100;

/** Requests of one member that wait for a lock, or have it. */
export const MAX_LOCK_REQUESTS = 10_000;

/** Terms above this are damage: nobody could go on counting. */
export const MAX_TERM = 2 ** 52;

/** Members whose claims are warned of, each once: names can be invented. */
export const MAX_WARNED_CLAIMERS = 20;

/** Milliseconds for a member to speak up in a new view before the others go on without it. */
export const PATIENCE_MS = 1000;

/** Milliseconds for a member whose connection has ended to come back, where it comes back after a loss. */
export const RETURN_PATIENCE_MS = 10_000;

/** Members that are remembered while they cannot be reached. */
export const MAX_AWAY = 1000;

/** Private messages that wait for the view in which a member is again. */
export const MAX_HELD_MESSAGES = 10_000;

/** Milliseconds for a call. */
export const CALL_TIMEOUT_MS = 5000;

/** Calls of one member that wait for results. */
export const MAX_CALLS = 10_000;

/** Bytes of a snapshot in one message. */
export const CHUNK_BYTES = 64 * 1024;
/** Bytes of a snapshot that may be on their way to one member. */
export const WINDOW_BYTES = 8 * CHUNK_BYTES;
/** Bytes of a snapshot that are held, so that a state which lost stays until all of the other one is here. */
export const MAX_HELD_BYTES = 512 * 1024 * 1024;
/** Milliseconds without a byte of a snapshot before the next donor is asked. */
export const DONOR_PATIENCE_MS = 2000;
/** How often each donor is asked in vain before the state is asked for again: reading a large one may take it long. */
export const MAX_SILENCES = 5;
/** Members that were asked for a state and are remembered: what comes late from them is no surprise. */
export const MAX_DONORS = 1000;
/** Milliseconds for the offer of the donor that is asked first, once others have offered. */
export const FIRST_OFFER_MS = 50;

/** Submitters whose newest command is remembered, so that none is applied twice; those that are here come on top. */
export const MAX_SUBMITTERS = 2000;
/** Processes of one member among them: the newest. One that invents more pushes out its own. */
export const MAX_PROCESSES = 4;

/** Commands of one member that wait to be applied. */
export const MAX_PENDING_COMMANDS = 100_000;

/** Largest state that a merge function is given. */
export const MAX_MERGE_BYTES = 64 * 1024 * 1024;
/** Components whose merge is remembered, so that none is merged twice. */
export const MAX_MERGED = 1000;
/** Inputs without a piece of a merge after which it is over, and somebody else may begin one. */
export const MERGE_STEPS = 10_000;
