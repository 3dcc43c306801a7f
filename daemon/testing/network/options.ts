/** How a network of ideal engines behaves. */

/** The least and the most of something that is by chance. */
export type Range = readonly [least: number, most: number];

export interface IdealOptions {
  /** Milliseconds until a side that cannot be reached, or a frozen daemon, is noticed. */
  readonly detection: number;
  /** Milliseconds until daemons that can reach each other again have noticed. */
  readonly merge: number;
  /** Way of a payload in milliseconds: the longest one, or both ends of what it is by chance. */
  readonly delay: number | Range;
  /** How often those who come together are divided all the same, each part with an end of its own. */
  readonly split: number;
  /** Bytes that a daemon may have queued. */
  readonly highWater: number;
  /** Milliseconds until it is noticed that a process has ended; default by chance 5 or `detection`. */
  readonly crash?: number;
  /** Milliseconds between the first and the last daemon that goes into a view; default 30. */
  readonly spread?: number;
  /** Milliseconds between two steps of the order; default 0.1 to 1.1. */
  readonly pause?: Range;
  /** Payloads of one daemon that are ordered in one step, at most; default 4. */
  readonly burst?: number;
  /**
   * Whether each change is noticed at its own time, to the millisecond, and no payload overtakes another one. Default false:
   * what is noticed first shows everything, and every time is by chance.
   */
  readonly isExact?: boolean;
}
