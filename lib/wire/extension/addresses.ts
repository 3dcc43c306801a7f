/** Addresses of daemons, and the frames that tell them: MOVE and PEERS. */
import type { Buffer } from '#buffer';
import type { ByteReader, ByteWriter } from '../../util/bytes.js';
import {
  Kind,
  LONGEST_TEXT,
  encodeExtension,
  expectRoom,
  fieldWriter,
  numberOf,
  readData,
  readField,
  readText,
  wordOf,
} from './frame.js';

const MOVE_REASONS = ['drain', 'alone', 'balance'] as const;
/** Why a client should go: the daemon stops, has lost its peers, or has too many clients. */
export type MoveReason = (typeof MOVE_REASONS)[number];

/** A daemon that wants its client to go elsewhere. */
export interface Move {
  /** Time until the daemon closes. */
  readonly leftMs: number;
  /** Why. */
  readonly reason: MoveReason;
  /** Where to, the best one first. */
  readonly addresses: readonly string[];
}

/** Each address takes at most 255 bytes. */
export function writeAddresses(writer: ByteWriter, addresses: readonly string[]): ByteWriter {
  writer.u16(addresses.length);
  for (const address of addresses) writer.latin1(address);
  return writer;
}

/** @throws Malformed */
export function readAddresses(reader: ByteReader): string[] {
  const count = reader.u16();
  // Each one takes a byte for its length and one of text.
  expectRoom(reader, count, 2);
  return Array.from({ length: count }, () => readText(reader, 'an address', 1, LONGEST_TEXT));
}

const addressBytes = (addresses: readonly string[]): Buffer =>
  writeAddresses(fieldWriter(64), addresses).finish();

export const encodeMove = ({ leftMs, reason, addresses }: Move): Buffer =>
  encodeExtension(
    Kind.MOVE,
    fieldWriter().u32(leftMs).u8(numberOf(MOVE_REASONS, reason)),
    addressBytes(addresses),
  );

/** Reads the frame MOVE. @throws FrameFault */
export const readMove = (bytes: Buffer, start: number, end: number): Move => ({
  ...readField('MOVE', bytes, start, (reader) => ({
    leftMs: reader.u32(),
    reason: wordOf('a reason', MOVE_REASONS, reader.u8()),
  })),
  addresses: readData('MOVE', bytes, start, end, readAddresses),
});

export const encodePeers = (addresses: readonly string[]): Buffer =>
  encodeExtension(Kind.PEERS, fieldWriter(), addressBytes(addresses));

/** Reads the frame PEERS. @throws FrameFault */
export const readPeers = (bytes: Buffer, start: number, end: number): readonly string[] =>
  readData('PEERS', bytes, start, end, readAddresses);
