/** Numbers of Corosync's C interface (`corotypes.h`, `cpg.h`), as far as they are used. */

/** `cs_error_t`. */
export const CsStatus = {
  OK: 1,
  /** The connection is broken, or there is none to be had. */
  LIBRARY: 2,
  TRY_AGAIN: 6,
  ACCESS: 11,
  NOT_EXIST: 12,
  EXIST: 14,
} as const;

/** `CS_DISPATCH_ONE_NONBLOCKING`. */
export const DISPATCH_ONE_NONBLOCKING = 4;

/** `CPG_TYPE_AGREED`. */
export const TYPE_AGREED = 2;

export const MODEL_V1 = 1;
/** `CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF`: the first ring is told too. */
export const DELIVER_INITIAL_RING = 1;
