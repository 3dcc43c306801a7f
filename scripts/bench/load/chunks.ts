/**
 * Frames as they are sent, made before the clock runs: a chunk is what one write takes. All frames have one length, so a
 * receiver finds them, and the time in their bodies, by counting bytes.
 */
import { Buffer } from 'node:buffer';
import { HEADER_BYTES, NAME_BYTES } from '../../../lib/wire/limits.js';
import { encodeMessage } from '../../../lib/wire/request.js';
import { now } from './now.js';

/** About what one write takes; at least one frame. */
const CHUNK_BYTES = 64 * 1024;
/** Smallest body that holds a time. */
const STAMP_BYTES = 8;
/** Where the body begins. */
const BODY_AT = HEADER_BYTES + NAME_BYTES;

export const frameBytes = (size: number): number => BODY_AT + size;

export const groupName = (n: number): string => `g${n}`;

export const framesPerChunk = (size: number): number =>
  Math.max(1, Math.floor(CHUNK_BYTES / frameBytes(size)));

export interface ChunkPlan {
  readonly service: number;
  readonly size: number;
  /** The frames go to these, by chance; a number stands for that many groups, named with `groupName`. */
  readonly groups: number | readonly string[];
}

export class Chunk {
  private readonly bytes: Buffer;
  private readonly stamps: boolean;

  constructor(
    name: string,
    private readonly plan: ChunkPlan,
    readonly frames = framesPerChunk(plan.size),
  ) {
    const body = Buffer.alloc(plan.size, 'x');
    const { groups } = plan;
    const chance = (count: number): number => Math.floor(Math.random() * count);
    const group = (): string =>
      typeof groups === 'number' ? groupName(chance(groups)) : (groups[chance(groups.length)] as string);
    const all = Array.from({ length: frames }, () => encodeMessage(plan.service, name, [group()], 0, [body]));
    this.bytes = Buffer.concat(all);
    this.stamps = plan.size >= STAMP_BYTES;
  }

  /** Its first frames, with the present time. */
  take(frames: number): Buffer {
    const { bytes } = this;
    const length = frameBytes(this.plan.size);
    const end = Math.min(frames, this.frames) * length;
    if (this.stamps) {
      const time = now();
      for (let at = BODY_AT; at < end; at += length) bytes.writeDoubleLE(time, at);
    }
    return end === bytes.length ? bytes : bytes.subarray(0, end);
  }
}

/** Follows the stream of frames of one receiver. */
export class Counter {
  bytes = 0;

  constructor(private readonly length: number) {}

  /**
   * Takes the next bytes of the stream.
   * @returns the time in the first frame that begins in them, or 0 when there is none to read
   */
  push(chunk: Buffer): number {
    const part = this.bytes % this.length;
    this.bytes += chunk.length;
    const stamp = (part === 0 ? 0 : this.length - part) + BODY_AT;
    const hasStamp = this.length >= BODY_AT + STAMP_BYTES && stamp + STAMP_BYTES <= chunk.length;
    return hasStamp ? chunk.readDoubleLE(stamp) : 0;
  }
}
