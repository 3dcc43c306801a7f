/**
 * The 32-bit service word: what a message is and what it asks for [session 4.3], [receive 1].
 * Bits combine; the value is a signed 32-bit integer on the wire and for the callers.
 */

/** Data that may be lost; here delivered like agreed data. */
export const UNRELIABLE_MESS = 0x00000001;
/** Data that is not lost, in no order; here delivered in the agreed order. */
export const RELIABLE_MESS = 0x00000002;
/** Data in the order of its sender; here delivered in the agreed order. */
export const FIFO_MESS = 0x00000004;
/** Data after everything that its sender had received; here delivered in the agreed order. */
export const CAUSAL_MESS = 0x00000008;
/** Data in one order for all receivers of all groups. */
export const AGREED_MESS = 0x00000010;
/** Agreed data that is delivered only when every daemon of the view has it. */
export const SAFE_MESS = 0x00000020;
/** Mask: any data message. */
export const REGULAR_MESS = 0x0000003f;
/** Modifier of data: the sending session gets no copy. Stays visible to the others. */
export const SELF_DISCARD = 0x00000040;

/** Of a regular membership message: a member joined. */
export const CAUSED_BY_JOIN = 0x00000100;
/** Alone (without REG_MEMB_MESS): the self-leave notification. */
export const CAUSED_BY_LEAVE = 0x00000200;
/** Of a regular membership message: the connection of a member ended. */
export const CAUSED_BY_DISCONNECT = 0x00000400;
/** Of a regular membership message: daemons were lost or found. */
export const CAUSED_BY_NETWORK = 0x00000800;
/** A regular membership message: the members from here on. */
export const REG_MEMB_MESS = 0x00001000;
/** A transitional signal: what follows up to the next view is guaranteed for those that come along only. */
export const TRANSITION_MESS = 0x00002000;
/** Mask: any membership message. */
export const MEMBERSHIP_MESS = 0x00003f00;

/** Request of a client: join a group. */
export const JOIN_MESS = 0x00010000;
/** Request of a client: leave a group. */
export const LEAVE_MESS = 0x00020000;
/** Request of a client: end the session. */
export const KILL_MESS = 0x00040000;
/** Mask: what the daemons keep for themselves; refused from clients, never shown to them. */
export const RESERVED = 0x003fc000;
/**
 * A frame of the extension between this client library and this daemon; its message type tells the kind. Real daemons
 * and clients never send it.
 */
export const EXTENSION_MESS = 0x00100000;
/** A frame that daemons put into the order for one another; its message type tells the kind. */
export const DAEMON_MESS = 0x00200000;
/** A message refused by an access policy [session 4.9]. */
export const REJECT_MESS = 0x00400000;

/** Input of the receive calls: a message that does not fit is cut and its rest dropped. Never travels. */
export const DROP_RECV = 0x01000000;
/** Input of the receive calls: answer WOULD_BLOCK where no message waits. */
export const DONT_BLOCK = 0x10000000;

/** Encrypted data of a secure group. */
export const ENCRYPT_MESS = 0x08000000;
/** A request of the flush library to end the view. */
export const FLUSH_REQ_MESS = 0x20000000;
/** Message to a named part of a group (flush library); does travel. */
export const SUBGROUP_CAST = 0x40000000;

/** The byte-order marker of the `type` and `hint` words; cleared before anything is shown. */
export const ENDIAN_RESERVED = 0x80000080 | 0;

/**
 * No library sends these bits: membership, daemon-internal, GROUPS and REJECT. A client that does could forge
 * membership messages [daemon D4], so its session ends [session 4.6].
 */
export const FORBIDDEN_REQUEST_BITS = 0x0078ff00;

/** Of these bits exactly one is set in a legal request: the six services, JOIN, LEAVE, KILL. */
export const REQUEST_KIND = REGULAR_MESS | JOIN_MESS | LEAVE_MESS | KILL_MESS;

/** Data: one of the six services and not refused. */
export const isRegular = (service: number): boolean =>
  (service & REGULAR_MESS) !== 0 && (service & REJECT_MESS) === 0;

/** Any membership message: regular, transitional or self-leave. */
export const isMembership = (service: number): boolean =>
  (service & MEMBERSHIP_MESS) !== 0 && (service & REJECT_MESS) === 0;

/** Regular membership: the members from here on. */
export const isRegularMembership = (service: number): boolean =>
  (service & REG_MEMB_MESS) !== 0 && (service & REJECT_MESS) === 0;

/** Transitional signal. */
export const isTransition = (service: number): boolean =>
  (service & TRANSITION_MESS) !== 0 && (service & REJECT_MESS) === 0;

/** LEAVE with neither REG_MEMB_MESS nor TRANSITION_MESS: the leaver's own notification. */
export const isSelfLeave = (service: number): boolean =>
  isMembership(service) &&
  (service & CAUSED_BY_LEAVE) !== 0 &&
  (service & (REG_MEMB_MESS | TRANSITION_MESS)) === 0;

/** A request that the daemon refused, back at its sender. */
export const isReject = (service: number): boolean => (service & REJECT_MESS) !== 0;
