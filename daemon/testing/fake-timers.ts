/** Timers of a test runner that pass with the time of a cluster. */
import { refuseFakes } from './time/driver.js';

/** What `vi` of Vitest, `jest` and `mock.timers` of `node:test` have. */
export type FakeTimers =
  | {
      /** Lets that many milliseconds pass. */
      advanceTimersByTime(milliseconds: number): unknown;
    }
  | {
      /** Lets that many milliseconds pass. */
      tick(milliseconds: number): unknown;
    };

/** @returns lets as many milliseconds pass there. @throws Error when they hold what the kit needs */
export function advancing(timers: FakeTimers): (milliseconds: number) => void {
  refuseFakes();
  if ('tick' in timers) return (milliseconds) => void timers.tick(milliseconds);
  return (milliseconds) => void timers.advanceTimersByTime(milliseconds);
}
