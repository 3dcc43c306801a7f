/** Frames of the extension that a raw session gets. */
import type { Buffer } from 'node:buffer';
import { type ToClient, readToClient } from '../../lib/wire/extension/read.js';
import type { RawSession } from './raw-client.js';

/** The next frame, which is one of the extension. */
export async function nextExtension(session: RawSession): Promise<ToClient | null> {
  const index = session.frames.length - session.waiting;
  await session.next();
  const frame = session.frames[index];
  // A delivery keeps its bytes to itself; the kind and the data are all that a reader needs, with the field of the name.
  const bytes = Reflect.get(frame as object, 'bytes') as Buffer;
  const [start, end] = [
    Reflect.get(frame as object, 'start'),
    Reflect.get(frame as object, 'end'),
  ] as number[];
  return readToClient(bytes, start as number, end as number);
}
