/** The last word to a client that is refused. */
import type { Socket } from 'node:net';
import type { Clock } from './clock.js';
import { STOP_TIMEOUT } from './limits.js';

/** Ends the connection when what was written is out; a client that does not take it has a second. */
export function endSoon(socket: Socket, clock: Clock): void {
  socket.destroySoon();
  if (socket.destroyed) return;
  const timer = clock.after(STOP_TIMEOUT, () => socket.destroy());
  socket.once('close', () => timer.cancel());
}
