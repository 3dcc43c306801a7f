/** A clock that a spec moves. */
import type { Clock, Timer } from '../../lib/util/clock.js';

export class ManualClock implements Clock {
  readonly timeOrigin = 0;
  private time = 0;
  private timers: { readonly at: number; readonly f: () => void }[] = [];

  now(): number {
    return this.time;
  }

  date(): number {
    return this.time;
  }

  after(milliseconds: number, f: () => void): Timer {
    const entry = { at: this.time + milliseconds, f };
    this.timers.push(entry);
    const timer: Timer = {
      cancel: () => {
        this.timers = this.timers.filter((each) => each !== entry);
      },
      ref: () => timer,
      unref: () => timer,
    };
    return timer;
  }

  soon(f: () => void): void {
    this.after(0, f);
  }

  /** Lets so much time pass, timer by timer. */
  pass(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const [next] = this.timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.timers = this.timers.filter((each) => each !== next);
      this.time = next.at;
      next.f();
    }
    this.time = end;
  }

  /** Timers that are armed. */
  get armed(): number {
    return this.timers.length;
  }
}
