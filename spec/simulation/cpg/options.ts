/** What the hostile CPG does, and how often: everything of [corosync 4.4] is a number here. */

export interface CpgOptions {
  /** Milliseconds until a ring notices that the token is lost: 2.2 times the token time. */
  readonly detection: number;
  /** Milliseconds until rings that reach each other have noticed. */
  readonly merge: number;
  /** Longest time for forming a ring, and for the synchronisation behind it. */
  readonly forming: number;
  /** Longest way of a message. */
  readonly delay: number;
  /** Longest time from an event to the process that waits for it. */
  readonly dispatch: number;
  /** Events in one batch at most. */
  readonly batch: number;
  /** Messages that a node takes before it says "again". */
  readonly queue: number;
  /** Messages at one visit of the token. */
  readonly window: number;
  /** How often a sender with messages in its queue is thrown away by newcomers until the queue has run empty. */
  readonly throwAway: number;
  /** How often nodes whose recovery was interrupted leave the old ring with different ends. */
  readonly interrupted: number;
  /** How often a node that was away during an interrupted synchronisation is never reported. */
  readonly silentReturn: number;
  /** How often a node's list of those who left is an opinion of its own. */
  readonly opinions: number;
  /** How often one side goes on ordering for itself after a cut. */
  readonly oneSided: number;
  /** How often a process that is gone with its node stays in the lists of others. */
  readonly ghost: number;
  /** How often a restarted Corosync has lost its ring number. */
  readonly ringLost: number;
}
