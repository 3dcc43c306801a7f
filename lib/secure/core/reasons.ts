/** Why members have no key. */

/** Why a SHARE is not good, or not kept. */
export type ShareFault =
  /** Not in the form of a SHARE of this suite and mode. */
  | 'malformed'
  /** Of another epoch. */
  | 'epoch'
  /** The sender has no place in the list, or another identity than in the epoch before. */
  | 'stranger'
  /** An invalid key: a point of small order. */
  | 'key'
  /** Not signed by its identity for this view and name. */
  | 'signature'
  | 'unauthorized'
  /** The certificate has run out. */
  | 'expired'
  /** The answer of the application is out. */
  | 'pending';

/** Why a member of the flush view has no key: its SHARE was refused, has not come, or the sealer left it out. */
export type OutsiderReason = ShareFault | 'missing' | 'left-out';
