/**
 * Frames on their way to the daemon, one after the other: small ones are copied into a slab, large data stays where it
 * is.
 */
import { Buffer } from '#buffer';
import { DATA_LENGTH_AT, NAME_AT, NUM_GROUPS_AT, writeHeaderWords } from '../wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../wire/limits.js';
import { writeName } from '../wire/name.js';
import { release, share, SLAB_BYTES, takeSlab } from './slabs.js';

/** Data of this size and more is not copied; one more entry in the write costs less than the copy from here on. */
export const COPY_LIMIT_BYTES = 16 * 1024;
/** A slab begins small, since most connections send little, and the next one has double the size. */
const FIRST_SLAB_BYTES = 4 * 1024;
/** A turn that gathers this much is written in several parts, so that the kernel has work meanwhile. */
export const GATHER_LIMIT_BYTES = 128 * 1024;

/** Whether data of this many bytes is copied into the slab, or else sent from the memory of the caller. */
export const isCopied = (dataLength: number): boolean => dataLength < COPY_LIMIT_BYTES;

export const lengthOf = (pieces: readonly Uint8Array[]): number => {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
};

export class FrameSlab {
  /** Bytes of the frames that have not been taken yet. */
  bytes = 0;
  private slab: Buffer = Buffer.alloc(0);
  private slabBytes = FIRST_SLAB_BYTES;
  /** The slab's bytes in [cutTo, end) are gathered and not yet among the parts. */
  private cutTo = 0;
  private end = 0;
  private parts: Uint8Array[] = [];
  /** A header with the sender filled in, and the first group of the frame before: most frames go where that went. */
  private readonly head = Buffer.alloc(HEADER_BYTES + NAME_BYTES);
  private firstGroup = '';

  constructor(sender: string) {
    writeName(this.head, NAME_AT, sender);
  }

  /** Of the frames to come. */
  set sender(name: string) {
    writeName(this.head, NAME_AT, name);
  }

  /** Adds a frame. Groups are cut to 31 bytes. Data that is not copied must stay as it is. */
  add(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
    dataLength: number,
  ): void {
    const copied = isCopied(dataLength);
    let at = this.reserve(HEADER_BYTES + groups.length * NAME_BYTES + (copied ? dataLength : 0));
    const { slab } = this;
    slab.set(this.headFor(groups), at);
    writeHeaderWords(slab, at, service, groups.length, messType, dataLength);
    at += HEADER_BYTES;
    for (let i = 1; i < groups.length; i++) writeName(slab, at + i * NAME_BYTES, groups[i] as string);
    at += groups.length * NAME_BYTES;
    for (const piece of pieces) {
      if (copied) {
        slab.set(piece, at);
        at += piece.length;
      } else if (piece.length > 0) {
        this.cut();
        this.parts.push(piece);
      }
    }
    this.bytes += HEADER_BYTES + groups.length * NAME_BYTES + dataLength;
  }

  /** Adds a frame that is already encoded. */
  copy(frame: Uint8Array): void {
    const at = this.reserve(frame.length);
    this.slab.set(frame, at);
    this.bytes += frame.length;
  }

  /** Takes everything out, in pieces to be written in their order; each is to be released when it is not needed any more. */
  take(): Uint8Array[] {
    this.cut();
    const { parts } = this;
    this.parts = [];
    this.bytes = 0;
    return parts;
  }

  /** What a frame to these groups begins with, but for its words: as far as the first of them. */
  private headFor(groups: readonly string[]): Uint8Array {
    const { head } = this;
    if (groups.length === 0) return head.subarray(0, HEADER_BYTES);
    const group = groups[0] as string;
    if (group !== this.firstGroup) {
      writeName(head, HEADER_BYTES, group);
      this.firstGroup = group;
    }
    return head;
  }

  /** Place for this many bytes in the slab. */
  private reserve(bytes: number): number {
    if (this.slab.length - this.end < bytes) {
      this.cut();
      release(this.slab);
      const size = Math.max(this.slabBytes, bytes);
      this.slab = size === SLAB_BYTES ? takeSlab() : Buffer.allocUnsafeSlow(size);
      this.slabBytes = Math.min(2 * this.slabBytes, SLAB_BYTES);
      this.cutTo = 0;
      this.end = 0;
    }
    const at = this.end;
    this.end += bytes;
    return at;
  }

  /** Moves the slab's gathered bytes to the parts. */
  private cut(): void {
    if (this.cutTo < this.end) {
      const part = this.slab.subarray(this.cutTo, this.end);
      share(part);
      this.parts.push(part);
    }
    this.cutTo = this.end;
  }
}

/** Writes another sender into whole frames that a slab gave out. */
export function rename(parts: readonly Uint8Array[], sender: string): void {
  /** Data of the frame before that lies in parts of its own. */
  let data = 0;
  for (const part of parts) {
    if (data > 0) {
      data -= part.length;
      continue;
    }
    const bytes = part as Buffer;
    for (let at = 0; at < bytes.length;) {
      writeName(bytes, at + NAME_AT, sender);
      const groups = bytes.readInt32LE(at + NUM_GROUPS_AT);
      const dataLength = bytes.readInt32LE(at + DATA_LENGTH_AT);
      at += HEADER_BYTES + groups * NAME_BYTES;
      if (isCopied(dataLength)) at += dataLength;
      else data = dataLength;
    }
  }
}

/** Writes the parts as one. @param done when the kernel has them */
export function writeAll(
  transport: {
    cork(): void;
    uncork(): void;
    write(bytes: Uint8Array, done?: (error?: Error | null) => void): unknown;
  },
  parts: readonly Uint8Array[],
  done: (error?: Error | null) => void,
): void {
  transport.cork();
  const last = parts.length - 1;
  for (let i = 0; i < last; i++) transport.write(parts[i] as Uint8Array);
  transport.write(parts[last] as Uint8Array, done);
  transport.uncork();
}
