/**
 * Where a client stands in the history of its daemon: view, index and hash, never an index alone. Daemons that parted can
 * have different messages at one index; the hash tells.
 */
import type { Buffer } from '#buffer';
import { type ByteReader, type ByteWriter, Malformed } from '../../util/bytes.js';
import { Kind, encodeExtension, fieldWriter, readField } from './frame.js';

/** What a daemon says before the events of a turn. */
export interface Mark {
  /** Tag of the daemon view that all payloads of the turn belong to. */
  readonly tag: bigint;
  /** Index of the payload before the first one of the turn. */
  readonly from: number;
  /** Index of the last payload of the turn. */
  readonly to: number;
  /** Hash of the history up to `to`. */
  readonly hash: bigint;
}

/** What a client says of itself when it comes back. */
export interface Position extends Mark {
  /** Events that came since the mark. */
  readonly events: number;
  /** Time since the loss. */
  readonly awayMs: number;
}

export const MARK_BYTES = 28;
export const POSITION_BYTES = MARK_BYTES + 8;

const writeMark = (writer: ByteWriter, { tag, from, to, hash }: Mark): ByteWriter =>
  writer.u64(tag).u48(from).u48(to).u64(hash);

function readMarkFields(reader: ByteReader): Mark {
  const mark = { tag: reader.u64(), from: reader.u48(), to: reader.u48(), hash: reader.u64() };
  if (mark.from > mark.to) throw new Malformed(`expected an index of at least ${mark.from}, got ${mark.to}`);
  return mark;
}

export const writePosition = (writer: ByteWriter, position: Position): ByteWriter =>
  writeMark(writer, position).u32(position.events).u32(position.awayMs);

/** @throws Malformed */
export const readPosition = (reader: ByteReader): Position => ({
  ...readMarkFields(reader),
  events: reader.u32(),
  awayMs: reader.u32(),
});

/** The frame MARK, the same bytes for all sessions of a turn. */
export const encodeMark = (mark: Mark): Buffer => encodeExtension(Kind.MARK, writeMark(fieldWriter(), mark));

/** Reads the frame MARK at `start`. @throws FrameFault */
export const readMark = (bytes: Buffer, start: number): Mark =>
  readField('MARK', bytes, start, readMarkFields);
