/** `#clock` in Node. */
import type { Clock, Timer } from './port.js';

class SystemTimer implements Timer {
  constructor(private readonly timeout: NodeJS.Timeout) {}

  cancel(): void {
    clearTimeout(this.timeout);
  }

  ref(): this {
    this.timeout.ref();
    return this;
  }

  unref(): this {
    this.timeout.unref();
    return this;
  }
}

/** The one of the machine. */
export const systemClock: Clock = {
  timeOrigin: performance.timeOrigin,
  now: () => performance.now(),
  date: () => Date.now(),
  after: (milliseconds, f) => new SystemTimer(setTimeout(f, milliseconds)),
  soon: (f) => void setImmediate(f),
};

/** Calls `f` in this turn, when no promise is left that has a continuation to run. */
export const afterPromises = (f: () => void): void =>
  // What is to come next does so before promises where no promise runs, and after all of them where one does.
  queueMicrotask(() => process.nextTick(f));
