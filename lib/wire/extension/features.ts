/** What client and daemon can agree on in the handshake: bits of one word. The daemon grants a subset of what the client wants. */

/** The word in the list of methods, and the choice of a client that takes the offer. */
export const EXTENSION_METHOD = 'SSPX1';

/** Sessions that outlive their connection. */
export const FEATURE_RESUME = 1;
/** Views as changes of a list that both sides have. */
export const FEATURE_COMPACT_VIEWS = 2;
/** PING and PONG: a silent peer is a lost one. */
export const FEATURE_HEARTBEAT = 4;
/** Groups whose lists come only when they are asked for. */
export const FEATURE_LISTS_ON_DEMAND = 8;
/** The daemon tells its clients where to go. */
export const FEATURE_MOVES = 16;
