/** The last word to a client that is refused. */
import type { Socket } from 'node:net';
import { STOP_TIMEOUT } from './limits.js';

/** Ends the connection when what was written is out; a client that does not take it has a second. */
export function endSoon(socket: Socket): void {
  socket.destroySoon();
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), STOP_TIMEOUT);
  socket.once('close', () => clearTimeout(timer));
}
