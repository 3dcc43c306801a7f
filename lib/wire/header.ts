/** The 48 bytes before every frame's names and data [session 4.1 to 4.4]. */
import type { Buffer } from '#buffer';
import { HOST_IS_LITTLE, isLittle, readInt, readMarked, writeInt, writeMarked } from './byte-order.js';
import { HEADER_BYTES, NAME_BYTES, REJECT_WORD_BYTES } from './limits.js';
import { readName, writeName } from './name.js';
import { REJECT_MESS } from './service.js';

/** Offsets of the fields. */
export const TYPE_AT = 0;
export const NAME_AT = 4;
export const NUM_GROUPS_AT = 36;
export const HINT_AT = 40;
export const DATA_LENGTH_AT = 44;

/** Bits of the hint word that must be zero: all but the marker and the 16-bit message type [session 4.4]. */
export const HINT_UNUSED = 0x7f00007f;

/** The 48 bytes that each frame begins with [session 4.1]. */
export interface Header {
  /** Service word without the byte-order marker. */
  readonly service: number;
  /** Sender of data, group of a membership message, own private group of a request. */
  readonly name: string;
  /** Names that follow; as sent, so possibly negative. */
  readonly numGroups: number;
  /** The sender's signed 16-bit message type. */
  readonly messType: number;
  /** Bytes after the names; as sent, so possibly negative. */
  readonly dataLength: number;
  /** Byte order of `type`, the counts and the integers in a membership body. */
  readonly little: boolean;
  /** Byte order of the original sender, told by the hint word. */
  readonly senderLittle: boolean;
}

/** Whether it is a signed 16-bit number. */
export const isMessType = (messType: number): boolean =>
  Number.isInteger(messType) && messType >= -32_768 && messType <= 32_767;

/** The signed 16-bit type inside a hint word. */
export const messTypeOf = (hint: number): number => (((hint >> 8) & 0xffff) << 16) >> 16;

/** Reads the header at `at`; nothing is checked, and the 48 bytes must be there. */
export function readHeader(bytes: Buffer, at: number): Header {
  const little = isLittle(bytes, at + TYPE_AT);
  return {
    service: readMarked(bytes, at + TYPE_AT),
    name: readName(bytes, at + NAME_AT),
    numGroups: readInt(bytes, at + NUM_GROUPS_AT, little),
    messType: messTypeOf(readMarked(bytes, at + HINT_AT)),
    dataLength: readInt(bytes, at + DATA_LENGTH_AT, little),
    little,
    senderLittle: isLittle(bytes, at + HINT_AT),
  };
}

/** 1 when the sender's byte order is not this machine's, else 0; says nothing else, never a size [receive R22]. */
export const endianMismatch = (senderLittle: boolean): 0 | 1 => (senderLittle === HOST_IS_LITTLE ? 0 : 1);

/** Writes a header; little-endian unless told otherwise, which is what practically all peers expect [session 4.2]. */
export function writeHeader(
  bytes: Buffer,
  at: number,
  header: { service: number; name: string; numGroups: number; messType: number; dataLength: number },
  little = true,
): void {
  writeName(bytes, at + NAME_AT, header.name);
  writeHeaderWords(bytes, at, header.service, header.numGroups, header.messType, header.dataLength, little);
}

/** The four words alone, for a writer that has the name field at hand as bytes. */
export function writeHeaderWords(
  bytes: Buffer,
  at: number,
  service: number,
  numGroups: number,
  messType: number,
  dataLength: number,
  little = true,
): void {
  writeMarked(bytes, at + TYPE_AT, service, little);
  writeInt(bytes, at + NUM_GROUPS_AT, numGroups, little);
  writeMarked(bytes, at + HINT_AT, (messType & 0xffff) << 8, little);
  writeInt(bytes, at + DATA_LENGTH_AT, dataLength, little);
}

/**
 * What a daemon changes in a data frame [session 4.7]: type and counts in its own byte order, here little-endian, and
 * the last byte of the name forced to NUL. Everything else, the hint included, stays as the sender wrote it.
 */
export function normalizeHeader(bytes: Buffer, at: number): void {
  bytes[at + NAME_AT + NAME_BYTES - 1] = 0;
  if (isLittle(bytes, at + TYPE_AT)) return;
  writeMarked(bytes, at + TYPE_AT, readMarked(bytes, at + TYPE_AT), true);
  writeInt(bytes, at + NUM_GROUPS_AT, readInt(bytes, at + NUM_GROUPS_AT, false), true);
  writeInt(bytes, at + DATA_LENGTH_AT, readInt(bytes, at + DATA_LENGTH_AT, false), true);
}

/** Whole length of a frame with these counts. */
export const frameLength = (service: number, numGroups: number, dataLength: number): number =>
  HEADER_BYTES +
  ((service & REJECT_MESS) === 0 ? 0 : REJECT_WORD_BYTES) +
  numGroups * NAME_BYTES +
  dataLength;

/**
 * Whether the frame at `at` is one of the extension: its type word has these bytes and no others. The first 4 bytes must be
 * there. The first look settles it for nearly all frames.
 */
export const isExtensionFrame = (bytes: Uint8Array, at: number): boolean =>
  bytes[at + 2] === 0x10 && bytes[at] === 0x80 && bytes[at + 1] === 0 && bytes[at + 3] === 0x80;
