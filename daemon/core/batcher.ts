/**
 * Gathers the frames of one turn into payloads for the engine, in order. Frames that already stand side by side in the
 * chunk they arrived in stay there; single small ones are copied together into a slab. A payload is safe or it is not,
 * so a change of that ends a payload.
 */
import { Buffer } from 'node:buffer';
import type { SendOptions } from '../engine/port.js';
import type { Fault } from './report.js';

/** Size of a slab, and where a payload is long enough: longer ones bring nothing and delay the first frame in them. */
export const PACK_BYTES = 64 * 1024;
/** Longer frames are never copied. */
const MAX_COPY = 4 * 1024;

/** What the core needs of an engine. */
export interface Sequencer {
  /** Queues a payload; returns false when the engine wants no more at present. */
  send(payload: Buffer, options: SendOptions): boolean;
  /** The exchange of the daemon view is complete: what waits may go out. */
  exchangeDone(): void;
  /** All daemons have found that these cannot be in a view with the others. */
  exclude(faults: readonly Fault[]): void;
}

export class Batcher {
  private bytes: Buffer | null = null;
  private start = 0;
  private end = 0;
  private safe = false;
  private ready: { payload: Buffer; safe: boolean }[] = [];

  private slab = Buffer.allocUnsafeSlow(0);
  private slabUsed = 0;
  /** Where the last frame stood, to see that the next one stands behind it. */
  private lastBytes: Buffer | null = null;
  private lastEnd = 0;

  constructor(private readonly order: Sequencer) {}

  get isEmpty(): boolean {
    return this.bytes === null && this.ready.length === 0;
  }

  /** Takes one frame; its bytes belong to the pack from now on. */
  add(bytes: Buffer, start: number, end: number, safe: boolean): void {
    const neighbour = this.lastBytes === bytes && this.lastEnd === start;
    this.lastBytes = bytes;
    this.lastEnd = end;
    if (neighbour || end - start > MAX_COPY) this.append(bytes, start, end, safe);
    else this.copy(bytes, start, end, safe);
  }

  /** Hands everything to the engine. Returns false when the engine wants no more at present. */
  flush(): boolean {
    this.close();
    this.lastBytes = null;
    const { ready } = this;
    this.ready = [];
    let more = true;
    for (const { payload, safe } of ready) more = this.order.send(payload, { safe });
    return more;
  }

  private append(bytes: Buffer, start: number, end: number, safe: boolean): void {
    const fits = end - this.start <= PACK_BYTES;
    if (this.bytes === bytes && this.end === start && this.safe === safe && fits) {
      this.end = end;
      return;
    }
    this.close();
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.safe = safe;
  }

  private copy(bytes: Buffer, start: number, end: number, safe: boolean): void {
    const length = end - start;
    if (this.slabUsed + length > this.slab.length) {
      this.slab = Buffer.allocUnsafeSlow(PACK_BYTES);
      this.slabUsed = 0;
    }
    const at = this.slabUsed;
    bytes.copy(this.slab, at, start, end);
    this.slabUsed += length;
    this.append(this.slab, at, at + length, safe);
  }

  private close(): void {
    if (this.bytes === null) return;
    this.ready.push({ payload: this.bytes.subarray(this.start, this.end), safe: this.safe });
    this.bytes = null;
  }
}
