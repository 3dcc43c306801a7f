/** Time as the session machine sees it. The simulator gives it another one. */
import type { Socket } from 'node:net';
import { type TimerClock, systemClock } from '../../lib/util/clock.js';
import { STOP_TIMEOUT } from './limits.js';

export type { Timer } from '../../lib/util/clock.js';

export interface Clock extends TimerClock {
  /** Milliseconds since 1970. */
  date(): number;
  /** Calls `f` once, when all sockets that are readable now have been read. */
  soon(f: () => void): void;
}

export const realClock: Clock = {
  ...systemClock,
  date: () => Date.now(),
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
