/** Frames from daemon to client: the checks and the reading [session 4.1, 4.9, 6]. */
import type { Buffer } from '#buffer';
import { isLittle, readInt, readMarked } from './byte-order.js';
import { FrameFault } from './fault.js';
import {
  DATA_LENGTH_AT,
  frameLength,
  HINT_AT,
  messTypeOf,
  NAME_AT,
  NUM_GROUPS_AT,
  TYPE_AT,
} from './header.js';
import {
  HEADER_BYTES,
  MAX_DELIVERY_DATA,
  MAX_EXTENSION_DATA,
  MAX_VIEW_MEMBERS,
  NAME_BYTES,
  REJECT_WORD_BYTES,
} from './limits.js';
import { readName, readNames } from './name.js';
import { ENDIAN_RESERVED, EXTENSION_MESS, isReject, REJECT_MESS } from './service.js';

/**
 * Checks a delivered header.
 * @returns the whole length of the frame in bytes
 * @throws FrameFault when a count is negative or beyond its limit; the place of the next frame is unknown then
 */
export function checkDelivery(bytes: Buffer, at: number): number {
  const little = isLittle(bytes, at + TYPE_AT);
  const groups = readInt(bytes, at + NUM_GROUPS_AT, little);
  if (groups < 0 || groups > MAX_VIEW_MEMBERS) throw new FrameFault('groups-count', `${groups} groups`);
  const data = readInt(bytes, at + DATA_LENGTH_AT, little);
  const service = readMarked(bytes, at + TYPE_AT);
  if (data < 0 || (data > MAX_DELIVERY_DATA && !(service === EXTENSION_MESS && data <= MAX_EXTENSION_DATA))) {
    throw new FrameFault('data-length', `${data} bytes of data`);
  }
  return frameLength(service, groups, data);
}

/** A delivered frame, read where it lies. The strings are made when they are asked for. */
export class Delivery {
  /** Service word without marker; for a reject frame the refused request's, with REJECT_MESS added. */
  readonly service: number;
  /** Number of names. */
  readonly numGroups: number;
  /** The sender's signed 16-bit type; 0 in membership frames. */
  readonly messType: number;
  /** Byte order of the original sender of data. */
  readonly senderLittle: boolean;
  /** Byte order of the integers in a membership body. */
  readonly little: boolean;
  private readonly namesAt: number;

  /** `bytes[start, end)` is a whole frame that passed `checkDelivery`. */
  constructor(
    private readonly bytes: Buffer,
    private readonly start: number,
    private readonly end: number,
  ) {
    this.little = isLittle(bytes, start + TYPE_AT);
    this.numGroups = readInt(bytes, start + NUM_GROUPS_AT, this.little);
    this.messType = messTypeOf(readMarked(bytes, start + HINT_AT));
    this.senderLittle = isLittle(bytes, start + HINT_AT);
    const service = readMarked(bytes, start + TYPE_AT);
    const rejected = isReject(service);
    this.service = rejected ? this.refused(start + HEADER_BYTES) : service;
    this.namesAt = start + HEADER_BYTES + (rejected ? REJECT_WORD_BYTES : 0);
  }

  /**
   * The extra word of a reject frame; the type word's marker says its byte order, not by its own [session 4.2].
   */
  private refused(at: number): number {
    return (readInt(this.bytes, at, this.little) & ~ENDIAN_RESERVED) | REJECT_MESS;
  }

  /** Length of the whole frame in bytes. */
  get length(): number {
    return this.end - this.start;
  }

  /** Sender of data; group of a membership message. */
  get name(): string {
    return readName(this.bytes, this.start + NAME_AT);
  }

  /** The first `count` names: destinations as sent, or members in order. */
  names(count = this.numGroups): string[] {
    return readNames(this.bytes, this.namesAt, Math.min(count, this.numGroups));
  }

  /** The bytes behind the names, not copied. */
  get body(): Buffer {
    return this.bytes.subarray(this.namesAt + this.numGroups * NAME_BYTES, this.end);
  }

  /** The whole frame as it came; shares its memory. */
  get frameBytes(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }
}
