/** The clock as code sees it that needs no other: specs and simulators give it a clock of their own. */

export interface Timer {
  cancel(): void;
  /** The process stays for it; a new timer is so. */
  ref(): this;
  /** The process need not stay for it. */
  unref(): this;
}

export interface TimerClock {
  /** Milliseconds, rising; says nothing about the time of day. */
  now(): number;
  /** Calls `f` once, after that many milliseconds. */
  after(milliseconds: number, f: () => void): Timer;
}

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
export const systemClock: TimerClock = {
  now: () => performance.now(),
  after: (milliseconds, f) => new SystemTimer(setTimeout(f, milliseconds)),
};
