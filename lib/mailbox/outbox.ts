/**
 * What goes to the daemon. All messages of one synchronous turn are gathered and leave in one write: small ones are
 * copied into a slab one behind the other, large data is written from where it lies.
 */
import { Buffer } from 'node:buffer';
import { CONNECTION_CLOSED } from '../wire/codes.js';
import { NAME_AT, writeHeaderWords } from '../wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../wire/limits.js';
import { writeName } from '../wire/name.js';
import type { Transport } from './transport.js';

/** Data of this size and more is not copied; one more entry in the write costs less than the copy from here on. */
export const COPY_LIMIT_BYTES = 16 * 1024;
/** A slab begins small, since most connections send little, and the next one has double the size. */
const FIRST_SLAB_BYTES = 4 * 1024;
const LAST_SLAB_BYTES = 64 * 1024;
/** A turn that gathers this much is written in several parts, so that the kernel has work meanwhile. */
const GATHER_LIMIT_BYTES = 1024 * 1024;

/** What one write is made of. All its messages share one promise. */
class Batch {
  readonly sent: Promise<number>;
  done!: (error?: Error | null) => void;

  constructor(transport: Transport) {
    this.sent = new Promise((resolve) => {
      // Node reports the write that was under way when the socket was destroyed as done; it is not known to be.
      this.done = (error) => resolve(error || transport.destroyed ? CONNECTION_CLOSED : 0);
    });
  }
}

export class Outbox {
  private slab: Buffer = Buffer.alloc(0);
  private slabBytes = FIRST_SLAB_BYTES;
  /** The slab's bytes in [cutTo, end) are gathered and not yet among the parts. */
  private cutTo = 0;
  private end = 0;
  private parts: Uint8Array[] = [];
  private gathered = 0;
  private batch: Batch | null = null;
  /** A header with the sender filled in. */
  private readonly head = Buffer.alloc(HEADER_BYTES);
  private readonly flushNow = (): void => this.flush();

  constructor(
    private readonly transport: Transport,
    sender: string,
  ) {
    writeName(this.head, NAME_AT, sender);
  }

  /**
   * Gathers one frame. Groups are cut to 31 bytes. The data must stay as it is until the promise resolves.
   * @returns 0 when the bytes were handed to the kernel, CONNECTION_CLOSED when they were not
   */
  send(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
  ): Promise<number> {
    let dataLength = 0;
    for (const piece of pieces) dataLength += piece.length;
    const copied = dataLength < COPY_LIMIT_BYTES;
    let at = this.reserve(HEADER_BYTES + groups.length * NAME_BYTES + (copied ? dataLength : 0));
    const { slab } = this;
    slab.set(this.head, at);
    writeHeaderWords(slab, at, service, groups.length, messType, dataLength);
    at += HEADER_BYTES;
    for (const group of groups) {
      writeName(slab, at, group);
      at += NAME_BYTES;
    }
    for (const piece of pieces) {
      if (copied) {
        slab.set(piece, at);
        at += piece.length;
      } else if (piece.length > 0) {
        this.cut();
        this.parts.push(piece);
      }
    }
    this.gathered += HEADER_BYTES + groups.length * NAME_BYTES + dataLength;
    const { sent } = (this.batch ??= this.begin());
    if (this.gathered >= GATHER_LIMIT_BYTES) this.flush();
    return sent;
  }

  /** Place for this many bytes in the slab. */
  private reserve(bytes: number): number {
    if (this.slab.length - this.end < bytes) {
      this.cut();
      this.slab = Buffer.allocUnsafeSlow(Math.max(this.slabBytes, bytes));
      this.slabBytes = Math.min(2 * this.slabBytes, LAST_SLAB_BYTES);
      this.cutTo = 0;
      this.end = 0;
    }
    const at = this.end;
    this.end += bytes;
    return at;
  }

  /** Moves the slab's gathered bytes to the parts. */
  private cut(): void {
    if (this.cutTo < this.end) this.parts.push(this.slab.subarray(this.cutTo, this.end));
    this.cutTo = this.end;
  }

  private begin(): Batch {
    queueMicrotask(this.flushNow);
    return new Batch(this.transport);
  }

  private flush(): void {
    const { batch, parts, transport } = this;
    if (batch === null) return;
    this.cut();
    this.batch = null;
    this.parts = [];
    this.gathered = 0;
    const last = parts.pop();
    if (last === undefined) return;
    transport.cork();
    for (const part of parts) transport.write(part);
    transport.write(last, batch.done);
    transport.uncork();
  }
}
