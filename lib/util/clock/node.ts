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
