/** Live numbers of the core. */
export interface CoreCounters {
  /** Requests and messages taken from sessions. */
  submitted: number;
  /** Frames that came back in the order. */
  ordered: number;
  /** Requests that went back to their sender, because it may not do that. */
  refused: number;
  /** Joins that went back to their sender, because there are as many groups or memberships as allowed. */
  limited: number;
  /** Joins that went back to their sender, because the group has as many members as allowed. */
  oversized: number;
  /** Memberships of sessions that get whole views, ended because the group has too many members for those. */
  outgrown: number;
  /** Changes that were told as records. */
  records: number;
  /** Joins and leaves of names that no library allows; they get no answer [daemon 2.1]. */
  illegalGroupNames: number;
  /** Exchanges behind a daemon view that were completed. */
  exchanges: number;
  /** Requests of this daemon's sessions that were put off until the exchange was complete. */
  deferred: number;
  /** Messages that were ordered before, and are not delivered again. */
  repeats: number;
  /** Payloads and reports that cannot be read. */
  damaged: number;
}

export const zeroCounters = (): CoreCounters => ({
  submitted: 0,
  ordered: 0,
  refused: 0,
  limited: 0,
  oversized: 0,
  outgrown: 0,
  records: 0,
  illegalGroupNames: 0,
  exchanges: 0,
  deferred: 0,
  repeats: 0,
  damaged: 0,
});
