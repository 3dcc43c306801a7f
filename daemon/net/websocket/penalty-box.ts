/**
 * Clients whose connection had to be closed for something that they did. Many libraries connect again at once after a close, and
 * wait longer and longer only after a refusal; so the next upgrades are refused for a while, twice as long each time.
 */
import type { Clock } from '../../../lib/util/clock.js';

/** Milliseconds of the first penalty, and of the longest. */
export const FIRST_PENALTY = 5_000;
export const LONGEST_PENALTY = 60_000;
/** Milliseconds after the end of a penalty for which the next one is longer. */
export const PENALTY_MEMORY = 60_000;
/** Clients that are remembered; of more, those that were punished longest ago go. */
export const MAX_PUNISHED = 10_000;

interface Penalty {
  readonly length: number;
  readonly end: number;
}

export class PenaltyBox {
  /** By client, in the order of their last penalty. */
  private readonly penalties = new Map<string, Penalty>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  get size(): number {
    return this.penalties.size;
  }

  punish(client: string): void {
    const now = this.clock.now();
    const last = this.penalties.get(client);
    this.penalties.delete(client);
    const isKnown = last !== undefined && now < last.end + PENALTY_MEMORY;
    const length = isKnown ? Math.min(last.length * 2, LONGEST_PENALTY) : FIRST_PENALTY;
    this.penalties.set(client, { length, end: now + length });
    this.forgetOld(now);
  }

  /** Milliseconds until the client may come back; 0 when it may now. */
  leftOf(client: string): number {
    const penalty = this.penalties.get(client);
    return penalty === undefined ? 0 : Math.max(0, penalty.end - this.clock.now());
  }

  private forgetOld(now: number): void {
    for (const [client, { end }] of this.penalties) {
      if (this.penalties.size <= MAX_PUNISHED && now < end + PENALTY_MEMORY) return;
      this.penalties.delete(client);
    }
  }
}
