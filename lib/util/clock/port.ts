/** What a clock is. */

export interface Timer {
  cancel(): void;
  /** Keeps the process alive, as a new timer does. */
  ref(): this;
  /** Does not keep the process alive. */
  unref(): this;
}

/** What timers need of a clock. */
export interface TimerClock {
  /** Milliseconds, rising; says nothing about the time of day. */
  now(): number;
  /** Calls `f` once, after that many milliseconds. */
  after(milliseconds: number, f: () => void): Timer;
}

export interface Clock extends TimerClock {
  /** Time of day, in milliseconds since 1970, at which `now` was 0. The sum of both never goes back. */
  readonly timeOrigin: number;
  /** Time of day, in milliseconds since 1970, as the machine has it; goes back when somebody sets it back. */
  date(): number;
  /** Calls `f` once, when all sockets that are readable now have been read. */
  soon(f: () => void): void;
}
