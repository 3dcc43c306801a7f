/** Every size and count of the session protocol: [session 2, 4.8], [receive 1]. */

export const DEFAULT_PORT = 4803;

/** A name's field on the wire, the ending NUL included. */
export const NAME_BYTES = 32;
/** Longest group or private group name: the field without its NUL. */
export const MAX_NAME_LENGTH = NAME_BYTES - 1;
/** Longest name of a connection at its daemon, in bytes. */
export const MAX_PRIVATE_NAME = 10;
export const MAX_DAEMON_NAME = 19;

export const HEADER_BYTES = 48;
/** The extra word of a reject frame, counted in no length field [session 4.9]. */
export const REJECT_WORD_BYTES = 4;

/** Destination groups of one message. */
export const MAX_GROUPS = 100;
/** The size that the manual gives as the limit of a body; the C library counts the names into it. */
export const MAX_MESSAGE_BYTES = 144_000;
/** What a daemon accepts of names and data together: 144000 less one header [session 4.6]. */
export const MAX_REQUEST_BYTES = MAX_MESSAGE_BYTES - HEADER_BYTES;
/** Names plus data that also a Spread 5.0.1 daemon survives; it aborts above 143152 [session 4.8]. */
export const MAX_PORTABLE_BYTES = 143_151;

/** Members of one view. The protocol sets no limit; this bounds what a client allocates for one frame. */
export const MAX_VIEW_MEMBERS = 65_536;
/** Longest body towards a client: a network membership message with every member in a set of its own. */
export const MAX_DELIVERY_DATA = 20 + MAX_VIEW_MEMBERS * (4 + NAME_BYTES);
/** Members of a view whose list travels as changes. */
export const MAX_COMPACT_MEMBERS = 200_000;
/** Records of one frame: a daemon writes at most 64 KiB of them. */
export const MAX_VIEW_RECORDS = 8_192;
/** Members that go, and that come, in one view after daemons were lost or found. */
export const MAX_NETWORK_CHANGES = 1_000_000;
/** Sets of members that come from one view, in such a view. */
export const MAX_NETWORK_SETS = 65_536;
/** Longest data of a frame of the extension: every member comes back, with place, flags, both names and a subject. */
export const MAX_EXTENSION_DATA = 256 + MAX_COMPACT_MEMBERS * (5 + 2 * NAME_BYTES + 129);

/** Elements of a scatter of the SSP calls: 99. */
export const MAX_SSP_SCATTER_ELEMENTS = 99;
/** Elements of a scatter of the plain Spread calls: 100. */
export const MAX_CLIENT_SCATTER_ELEMENTS = 100;

export const MAX_AUTH_NAME = 30;
export const MAX_AUTH_METHODS = 3;
/** Longest text of the method list [session 3.4]. */
export const MAX_AUTH_LIST = 90;
