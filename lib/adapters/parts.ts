/**
 * Bodies of any size over messages of limited size. What one member sends arrives in the order in which it was sent, so parts need no
 * numbers: the length of the whole says when it is complete [adapters 2].
 *
 * The first byte of a message: 0, all of a body; 1, the first part, which begins with the length of the whole as a varint; 2, another part.
 */
import { Buffer } from 'node:buffer';
import { errorOf } from '../errors.js';
import { ByteReader, ByteWriter, Malformed } from '../util/bytes.js';
import { MESSAGE_TOO_LONG } from '../wire/codes.js';

const WHOLE = 0;
const FIRST = 1;
const NEXT = 2;

/** Bytes of a body in one message: every daemon accepts a message of this size with its names. */
export const PART_BYTES = 128 * 1024;
/** Longest body, and so the most that one sender can make another member keep. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Most parts of one body; the longest body that is sent here has half as many. */
const MAX_PARTS = 1_024;

/** Splits a body into messages, in the order in which they are to be sent. @throws MessageTooLongError above 64 MiB */
export function partsOf(body: Uint8Array): readonly Buffer[] {
  const { length } = body;
  if (length > MAX_BODY_BYTES)
    throw errorOf(MESSAGE_TOO_LONG, `expected at most ${MAX_BODY_BYTES} bytes, got ${length}`);
  if (length <= PART_BYTES) return [new ByteWriter('BE', length + 1).u8(WHOLE).raw(body).finish()];
  const parts: Buffer[] = [];
  for (let at = 0; at < length; at += PART_BYTES) {
    const writer = new ByteWriter('BE', PART_BYTES + 16).u8(at === 0 ? FIRST : NEXT);
    if (at === 0) writer.varint(length);
    parts.push(writer.raw(body.subarray(at, at + PART_BYTES)).finish());
  }
  return parts;
}

/** What a message adds: the body that it completes; nothing yet; nothing, as the beginning was sent before this member was there; or it is damaged. */
export type PartResult = Buffer | 'more' | 'headless' | 'malformed';

interface Partial {
  readonly length: number;
  readonly pieces: Buffer[];
  received: number;
}

/** Puts together what members send. */
export class PartReader {
  private readonly partial = new Map<string, Partial>();

  /** Senders of whom something is incomplete. */
  get waiting(): number {
    return this.partial.size;
  }

  /** @param sender its id @returns a body that is complete shares the memory of the message when it came in one */
  take(sender: string, message: Buffer): PartResult {
    switch (message[0]) {
      case WHOLE:
        return this.whole(sender, message);
      case FIRST:
        return this.first(sender, message);
      case NEXT:
        return this.next(sender, message.subarray(1));
      default:
        return 'malformed';
    }
  }

  /** The sender has gone: what it began does not come to an end. */
  drop(sender: string): void {
    this.partial.delete(sender);
  }

  /** The sender has another name from here on: what it began continues under that one. */
  rename(from: string, to: string): void {
    const partial = this.partial.get(from);
    if (!partial || from === to) return;
    this.partial.delete(from);
    this.partial.set(to, partial);
  }

  /** Something may be missing of every sender: forgets all that is incomplete. */
  clear(): void {
    this.partial.clear();
  }

  private whole(sender: string, message: Buffer): PartResult {
    // A sender that begins something new in the middle is another one under the same id.
    this.drop(sender);
    return message.subarray(1);
  }

  private first(sender: string, message: Buffer): PartResult {
    this.drop(sender);
    const reader = new ByteReader(message, 'BE', 1);
    const length = lengthOf(reader);
    const piece = reader.raw(reader.left);
    if (length === null || length > MAX_BODY_BYTES || piece.length === 0 || piece.length >= length)
      return 'malformed';
    this.partial.set(sender, { length, pieces: [piece], received: piece.length });
    return 'more';
  }

  private next(sender: string, piece: Buffer): PartResult {
    const partial = this.partial.get(sender);
    if (!partial) return 'headless';
    partial.received += piece.length;
    partial.pieces.push(piece);
    const { length, received, pieces } = partial;
    if (received < length && piece.length > 0 && pieces.length < MAX_PARTS) return 'more';
    this.drop(sender);
    return received === length ? Buffer.concat(pieces) : 'malformed';
  }
}

function lengthOf(reader: ByteReader): number | null {
  try {
    return reader.varint();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
