/** Every size, count and time of the flush layer [flush-layer 1], [flush-layer 9]. */
import { NAME_BYTES } from '../../wire/limits.js';

/** Lowest message type that an application may use; those below are the layer's. */
export const FL_MIN_LEGAL_MESS_TYPE = -32_765;
/** Elements of a scatter of the flush calls: 99. One is kept for what the layer appends. */
export const FL_MAX_SCATTER_ELEMENTS = 99;

/** Memberships after which a change that is known only from its FLUSH_OKs is forgotten. */
export const MAX_UNKNOWN_AGE = 200;
/** Changes of a group that are known only from their FLUSH_OKs. */
export const MAX_UNKNOWN_CHANGES = 64;

/** Messages of a change that are kept until it is installed. Honest members send a few at most before. */
export const MAX_POSTPONED = 10_000;

/** Receivers of a subgroup cast that also a Spread 5.0.1 daemon serves. */
export const MAX_PORTABLE_RECEIVERS = 43;

/** What a message to a group has at the end when it carries its view: the user's type and the id. */
export const VULNERABLE_BYTES = 14;
/** What a subgroup cast has at the end: the name of the group. */
export const SUBGROUP_BYTES = NAME_BYTES;

/** Milliseconds after which a change that is not installed is reported. */
export const STALLED_AFTER_MS = 5000;
