/** Failures not long ago, by key. What is remembered is bounded: of too many keys those that failed longest ago go. */
import type { Clock } from './clock.js';

/** Milliseconds after which a key without another failure is forgotten. */
export const FAILURE_MEMORY = 300_000;
export const MAX_FAILED_KEYS = 10_000;

export class Failures {
  /** In the order of their last failure. */
  private readonly keys = new Map<string, { count: number; at: number }>();

  constructor(private readonly clock: Clock) {}

  add(key: string): void {
    const count = this.count(key) + 1;
    this.keys.delete(key);
    this.keys.set(key, { count, at: this.clock.now() });
    const [oldest] = this.keys.keys();
    if (this.keys.size > MAX_FAILED_KEYS && oldest !== undefined) this.keys.delete(oldest);
  }

  count(key: string): number {
    const known = this.keys.get(key);
    return known === undefined || this.clock.now() - known.at > FAILURE_MEMORY ? 0 : known.count;
  }

  has(key: string): boolean {
    return this.count(key) > 0;
  }

  forget(key: string): void {
    this.keys.delete(key);
  }
}
