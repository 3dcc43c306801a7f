/**
 * The file of a recording. First the text `SSPLOG 1`, then a line of JSON, and then one record for each delivered frame: its
 * length, the milliseconds since the beginning, a CRC-32 of the frame, and the frame as it was delivered [session 4.1].
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { checkDelivery } from '../wire/delivery.js';

/** What a recording says of itself. */
export interface RecordingHead {
  /** Name of the daemon. */
  readonly daemon: string;
  /** The recorder's own id, `#rec1#d1`. */
  readonly id: string;
  /** Those that were asked for; none: every group that has a view in the file. */
  readonly groups: readonly string[];
  /** Time of day at the beginning, as ISO 8601. */
  readonly started: string;
  /** Version of the toolkit. */
  readonly toolkit: string;
  /** Version that the daemon says it has. */
  readonly protocol: string;
  /** Whether the bodies of data messages are in it; else a hash of each. */
  readonly bodies: boolean;
}

export interface FrameRecord {
  /** Milliseconds since the beginning. */
  readonly at: number;
  readonly frame: Buffer;
}

export const MAGIC = 'SSPLOG 1\n';
/** Length, time and checksum. */
export const RECORD_BYTES = 16;
/** Of the hash that stands for a body. */
const HASH_BYTES = 8;
/** A longer head is none. */
export const MAX_HEAD_BYTES = 64 * 1024;

export const encodeHead = (head: RecordingHead): Buffer => Buffer.from(`${MAGIC}${JSON.stringify(head)}\n`);

export function encodeRecord(at: number, frame: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_BYTES + frame.length);
  bytes.writeUInt32LE(frame.length, 0);
  bytes.writeDoubleLE(at, 4);
  bytes.writeUInt32LE(crc32(frame), 12);
  frame.copy(bytes, RECORD_BYTES);
  return bytes;
}

/** Stands for a body that is not kept. */
export const hashOfBody = (body: Buffer): Buffer =>
  createHash('sha256').update(body).digest().subarray(0, HASH_BYTES);

/** A frame with the hash of its body in its place; the length in its header stays. @param bodyLength of the body */
export const withoutBody = (frame: Buffer, bodyLength: number): Buffer => {
  const end = frame.length - bodyLength;
  return Buffer.concat([frame.subarray(0, end), hashOfBody(frame.subarray(end))]);
};

/** Whether the frame is whole, so that it can be read as it was delivered. */
export function isWhole(frame: Buffer): boolean {
  try {
    return checkDelivery(frame, 0) === frame.length;
  } catch {
    return false;
  }
}
