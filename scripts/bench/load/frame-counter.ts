/** Counts the frames of a stream whose frames have different lengths; looks at headers alone and copies no bodies. */
import { Buffer } from 'node:buffer';
import { checkDelivery } from '../../../lib/wire/delivery.js';
import { HEADER_BYTES } from '../../../lib/wire/limits.js';

export class FrameCounter {
  frames = 0;
  /** Bytes of the present frame that are still to come. */
  private left = 0;
  private readonly head = Buffer.alloc(HEADER_BYTES);
  private have = 0;

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.left > 0) {
        const take = Math.min(this.left, chunk.length - at);
        at += take;
        this.left -= take;
      } else {
        at += this.header(chunk, at);
      }
      if (this.left === 0 && this.have === 0) this.frames++;
    }
  }

  /** @returns how much of the chunk it took */
  private header(chunk: Buffer, at: number): number {
    const take = Math.min(HEADER_BYTES - this.have, chunk.length - at);
    chunk.copy(this.head, this.have, at, at + take);
    this.have += take;
    if (this.have < HEADER_BYTES) return take;
    this.have = 0;
    this.left = checkDelivery(this.head, 0) - HEADER_BYTES;
    return take;
  }
}
