/** Joining groups with a bare connection. */
import { Buffer } from 'node:buffer';
import { HEADER_BYTES, NAME_BYTES } from '../../../lib/wire/limits.js';
import { encodeMessage, encodeRequest } from '../../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS } from '../../../lib/wire/service.js';
import type { Line } from './line.js';

/** Joins, and waits for a message to itself, which follows the joins in the order. The socket is paused then. */
export async function join({ socket, name }: Line, groups: readonly string[]): Promise<void> {
  const joins = groups.map((group) => encodeRequest(JOIN_MESS, name, [group]));
  socket.write(Buffer.concat([...joins, encodeMessage(AGREED_MESS, name, [name], 0, [])]));
  let left = HEADER_BYTES + NAME_BYTES;
  await new Promise<void>((resolve) => {
    const take = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left > 0) return;
      socket.pause();
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
  });
}
