/** Time as the session machine sees it. The simulator gives it another one. */
import type { Socket } from 'node:net';
import { STOP_TIMEOUT } from './limits.js';

export interface Timer {
  cancel(): void;
  /** The process need not stay for it. */
  unref(): this;
}

export interface Clock {
  /** Milliseconds, rising; says nothing about the time of day. */
  now(): number;
  /** Milliseconds since 1970. */
  date(): number;
  /** Calls `f` once, in so many milliseconds. */
  after(milliseconds: number, f: () => void): Timer;
  /** Calls `f` once, when all sockets that are readable now have been read. */
  soon(f: () => void): void;
}

class RealTimer implements Timer {
  constructor(private readonly timeout: NodeJS.Timeout) {}

  cancel(): void {
    clearTimeout(this.timeout);
  }

  unref(): this {
    this.timeout.unref();
    return this;
  }
}

export const realClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after: (milliseconds, f) => new RealTimer(setTimeout(f, milliseconds)),
  soon: (f) => void setImmediate(f),
};

// The last word to a client that is refused.

/** Ends the connection when what was written is out; a client that does not take it has a second. */
export function endSoon(socket: Socket, clock: Clock): void {
  socket.destroySoon();
  if (socket.destroyed) return;
  const timer = clock.after(STOP_TIMEOUT, () => socket.destroy());
  socket.once('close', () => timer.cancel());
}
