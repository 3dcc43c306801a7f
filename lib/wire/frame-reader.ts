/**
 * Cuts a byte stream into frames, at any split of the bytes. A frame that arrives whole inside a chunk is handed on in
 * place; one that is cut by a chunk's end is gathered in a buffer that grows with the bytes that really came, so an
 * announced length costs nothing before its bytes are here.
 */
import { Buffer } from '#buffer';
import { HEADER_BYTES } from './limits.js';

/** What a `FrameReader` calls. */
export interface FrameHandler {
  /**
   * The 48 bytes of a header are complete at `at`; names and data may not be here yet.
   * Returns the whole length of the frame in bytes, header included.
   * @throws FrameFault when the header is illegal; the reader then takes no more bytes.
   */
  header(bytes: Buffer, at: number): number;
  /** A whole frame: `bytes[start, end)`. The bytes are the handler's to keep and to change. */
  frame(bytes: Buffer, start: number, end: number): void;
}

/** A buffer is at most so many times as long as the bytes that have come for it. */
const GROWTH = 2;

/** Smallest buffer for a frame that is cut by a chunk's end. Most frames fit, so they are not copied twice. */
const FIRST_GATHER_BYTES = 1024;

/** Cuts a byte stream into frames, at any split of the bytes. Push the chunks of a socket into it. */
export class FrameReader {
  /** The bytes of the frame that is not complete yet; only the first `have` count. */
  private gathered: Buffer | null = null;
  private have = 0;
  /** Whole length of the frame being gathered; 0 until its header is complete. */
  private length = 0;
  private stopped = false;

  constructor(private readonly handler: FrameHandler) {}

  /** Bytes of an incomplete frame that wait for the rest. */
  get pending(): number {
    return this.have;
  }

  /** No frame is handed on any more, not even those of the chunk being read. */
  stop(): void {
    this.stopped = true;
    this.gathered = null;
    this.have = 0;
  }

  /**
   * Takes the next bytes of the stream. The reader keeps no reference to the chunk unless the handler does.
   * @throws FrameFault what `handler.header` or `handler.frame` throws; the reader is stopped then.
   */
  push(chunk: Buffer): void {
    if (this.stopped) return;
    try {
      const at = this.have > 0 ? this.complete(chunk) : 0;
      if (!this.stopped) this.cut(chunk, at);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** Hands on the frames that lie whole in the chunk from `at`; keeps the rest. */
  private cut(chunk: Buffer, at: number): void {
    const end = chunk.length;
    while (end - at >= HEADER_BYTES) {
      const length = this.handler.header(chunk, at);
      if (this.stopped) return;
      if (end - at < length) {
        this.length = length;
        break;
      }
      this.handler.frame(chunk, at, at + length);
      if (this.stopped) return;
      at += length;
    }
    if (at < end) this.gather(chunk, at, end);
  }

  /** Adds to the frame being gathered. Returns the position in the chunk behind what it took. */
  private complete(chunk: Buffer): number {
    let at = 0;
    if (this.length === 0) {
      at = Math.min(HEADER_BYTES - this.have, chunk.length);
      this.gather(chunk, 0, at);
      if (this.have < HEADER_BYTES) return at;
      this.length = this.handler.header(this.gathered as Buffer, 0);
      if (this.stopped) return at;
    }
    const take = Math.min(this.length - this.have, chunk.length - at);
    this.gather(chunk, at, at + take);
    if (this.have === this.length) {
      const frame = this.gathered as Buffer;
      const length = this.length;
      this.gathered = null;
      this.have = 0;
      this.length = 0;
      this.handler.frame(frame, 0, length);
    }
    return at + take;
  }

  private gather(chunk: Buffer, from: number, to: number): void {
    const need = this.have + (to - from);
    if (this.gathered === null || this.gathered.length < need) {
      const grown = Buffer.allocUnsafe(
        Math.max(FIRST_GATHER_BYTES, need, Math.min(this.length, GROWTH * need)),
      );
      this.gathered?.copy(grown, 0, 0, this.have);
      this.gathered = grown;
    }
    chunk.copy(this.gathered, this.have, from, to);
    this.have = need;
  }
}
