/**
 * Gathers the frames of one turn into payloads for the engine, in order. Frames that already stand side by side in the
 * chunk they arrived in stay there; single small ones are copied together into a slab. A payload is safe or it is not,
 * so a change of that ends a payload.
 */
import { Buffer } from 'node:buffer';
import type { SendOptions } from '../engine/port.js';
import { SOURCE_BYTES, encodeSourceWords } from '../../lib/wire/extension/daemon-frames.js';
import { HEADER_BYTES } from '../../lib/wire/limits.js';
import type { Fault } from './report.js';
import type { ResumeState } from './resume-state.js';

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

/** Whose a request is, and its number. */
export type Source = Pick<ResumeState, 'high' | 'low' | 'number'>;

/** Requests of a resumable session that stand side by side in a payload, with consecutive numbers. */
interface Run {
  readonly high: number;
  readonly low: number;
  readonly first: number;
  count: number;
  /** Where they stand in the payload. */
  readonly at: number;
  end: number;
}

/** A run does not count beyond this. */
const MAX_RUN = 0xffff;

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
  /** Whose requests the payload holds, as far as their sessions are resumable. */
  private runs: Run[] = [];

  constructor(private readonly order: Sequencer) {}

  get isEmpty(): boolean {
    return this.bytes === null && this.ready.length === 0;
  }

  /**
   * Takes one frame; its bytes belong to the pack from now on.
   * @param source the session, if it is resumable, with the number of this request; 0 for one that the daemon makes
   */
  add(bytes: Buffer, start: number, end: number, safe: boolean, source: Source | null = null): void {
    const neighbour = this.lastBytes === bytes && this.lastEnd === start;
    this.lastBytes = bytes;
    this.lastEnd = end;
    if (neighbour || end - start > MAX_COPY) this.append(bytes, start, end, safe);
    else this.copy(bytes, start, end, safe);
    if (source !== null) this.note(source, end - start);
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
    const fits = end - this.start + this.sourceBytes <= PACK_BYTES;
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
    const frames = this.bytes.subarray(this.start, this.end);
    this.ready.push({ payload: this.runs.length > 0 ? this.withSources(frames) : frames, safe: this.safe });
    this.bytes = null;
  }

  /** The frame of `length` bytes at the end of the payload is the source's, with its present number. */
  private note({ high, low, number }: Source, length: number): void {
    const end = this.end - this.start;
    const last = this.runs[this.runs.length - 1];
    const isNext =
      last !== undefined &&
      last.end === end - length &&
      last.low === low &&
      last.high === high &&
      last.count < MAX_RUN;
    if (isNext && last.first + last.count === number) {
      last.count++;
      last.end = end;
    } else {
      this.runs.push({ high, low, first: number, count: 1, at: end - length, end });
    }
  }

  private get sourceBytes(): number {
    return this.runs.length === 0 ? 0 : HEADER_BYTES + (this.runs.length + 1) * SOURCE_BYTES;
  }

  /** Whose they are stands behind them: the frames are copied once for all of them. */
  private withSources(frames: Buffer): Buffer {
    const sources = encodeSourceWords(this.runs);
    this.runs = [];
    return Buffer.concat([frames, sources]);
  }
}
