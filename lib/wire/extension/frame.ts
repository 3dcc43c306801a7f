/**
 * The form of the frames of the extension: a header with its own service bit, the kind in the message type, no names.
 * The field of the name holds fixed fields or a group; integers are little-endian. A reader skips unknown kinds, and
 * unknown data behind known data: that is how later versions grow.
 */
import { Buffer } from '#buffer';
import { ByteReader, ByteWriter, Malformed } from '../../util/bytes.js';
import { isLittle, readInt, readMarked } from '../byte-order.js';
import { FrameFault } from '../fault.js';
import type { GroupId } from '../group-id.js';
import {
  DATA_LENGTH_AT,
  HINT_AT,
  messTypeOf,
  NAME_AT,
  NUM_GROUPS_AT,
  TYPE_AT,
  writeHeaderWords,
} from '../header.js';
import { HEADER_BYTES, MAX_NAME_LENGTH, MAX_REQUEST_BYTES, NAME_BYTES } from '../limits.js';
import { fieldLength, nameField } from '../name.js';
import { DAEMON_MESS, EXTENSION_MESS } from '../service.js';

export { isExtensionFrame } from '../header.js';

/** Kinds between a daemon and its client. */
export const Kind = {
  MARK: 1,
  ACK: 2,
  VIEWS: 3,
  NETWORK: 4,
  LIST: 5,
  GAP: 6,
  RESUMED: 7,
  MOVE: 8,
  PEERS: 9,
  PING: 10,
  PONG: 11,
  END: 12,
  RESUME: 20,
  LIST_REQUEST: 21,
  NUMBER: 22,
} as const;

/** Kinds that daemons put into the order. */
export const DaemonKind = { SOURCES: 1, RETURN: 2, FORGET: 3, ALIAS_END: 4, SUBJECT: 5 } as const;

/** Longest text with a byte for its length. */
export const LONGEST_TEXT = 255;

/** A writer for fields and data. @param bytes room to begin with */
export const fieldWriter = (bytes = NAME_BYTES): ByteWriter => new ByteWriter('LE', bytes);

/** One frame. @param field a group name, or the fixed fields: at most 32 bytes @param pieces the data */
function encode(
  service: number,
  kind: number,
  field: string | ByteWriter,
  pieces: readonly Uint8Array[],
): Buffer {
  let dataLength = 0;
  for (const piece of pieces) dataLength += piece.length;
  const frame = Buffer.alloc(HEADER_BYTES + dataLength);
  frame.set(typeof field === 'string' ? nameField(field) : field.finish(), NAME_AT);
  writeHeaderWords(frame, 0, service, 0, kind, dataLength);
  let at = HEADER_BYTES;
  for (const piece of pieces) {
    frame.set(piece, at);
    at += piece.length;
  }
  return frame;
}

/** A frame between a daemon and its client. */
export const encodeExtension = (
  kind: number,
  field: string | ByteWriter,
  ...pieces: readonly Uint8Array[]
): Buffer => encode(EXTENSION_MESS, kind, field, pieces);

/** A frame that daemons put into the order. */
export const encodeDaemonFrame = (
  kind: number,
  field: string | ByteWriter,
  ...pieces: readonly Uint8Array[]
): Buffer => encode(DAEMON_MESS, kind, field, pieces);

/** Whether the frame at `at` is one that daemons made for one another. Its first 4 bytes must be there. */
export const isDaemonFrame = (bytes: Buffer, at: number): boolean =>
  readMarked(bytes, at + TYPE_AT) === DAEMON_MESS;

/** The kind of the frame at `at`; negative ones are unknown. */
export const frameKind = (bytes: Buffer, at: number): number => messTypeOf(readMarked(bytes, at + HINT_AT));

/**
 * Checks the header of an extension frame of a client, before anything is allocated for its data.
 * @returns the whole length of the frame in bytes
 * @throws FrameFault `extension`
 */
export function checkExtensionRequest(bytes: Buffer, at: number): number {
  const groups = readInt(bytes, at + NUM_GROUPS_AT, true);
  if (groups !== 0) throw bad('frame', `expected 0 names, got ${groups}`);
  const data = readInt(bytes, at + DATA_LENGTH_AT, true);
  if (data < 0 || data > MAX_REQUEST_BYTES) {
    throw bad('frame', `expected 0 to ${MAX_REQUEST_BYTES} bytes of data, got ${data}`);
  }
  return HEADER_BYTES + data;
}

/** The fault of a frame, or of a part of the handshake. @param detail what was expected, and what was got */
export const bad = (what: string, detail: string): FrameFault =>
  new FrameFault('extension', `${what}: ${detail}`);

/**
 * What `read` makes of these bytes.
 * @throws FrameFault `extension` when they are too few
 */
export function readPart<T>(
  what: string,
  bytes: Buffer,
  start: number,
  end: number,
  read: (reader: ByteReader) => T,
): T {
  try {
    return read(new ByteReader(bytes, 'LE', start, end));
  } catch (error) {
    if (error instanceof Malformed) throw bad(what, error.message);
    throw error;
  }
}

/** What `read` makes of the fixed fields in the place of the name. The frame is `bytes[start, end)`. */
export const readField = <T>(
  what: string,
  bytes: Buffer,
  start: number,
  read: (reader: ByteReader) => T,
): T => readPart(what, bytes, start + NAME_AT, start + NAME_AT + NAME_BYTES, read);

/** What `read` makes of the data of the frame `bytes[start, end)`. */
export function readData<T>(
  what: string,
  bytes: Buffer,
  start: number,
  end: number,
  read: (reader: ByteReader) => T,
): T {
  const groups = readInt(bytes, start + NUM_GROUPS_AT, isLittle(bytes, start + TYPE_AT));
  if (groups !== 0) throw bad(what, `expected 0 names, got ${groups}`);
  return readPart(what, bytes, start + HEADER_BYTES, end, read);
}

/** The group in the place of the name. @throws FrameFault when it is empty or has no end */
export function readGroupField(what: string, bytes: Buffer, start: number): string {
  const at = start + NAME_AT;
  const length = fieldLength(bytes, at);
  if (length < 1) throw bad(what, 'expected a group name of 1 to 31 bytes that ends with NUL');
  return bytes.toString('latin1', at, at + length);
}

/** A text with its length before it. @throws Malformed unless it has `min` to `max` bytes */
export function readText(reader: ByteReader, what: string, min: number, max: number): string {
  const text = reader.latin1();
  if (text.length < min || text.length > max) {
    throw new Malformed(`expected ${what} of ${min} to ${max} bytes, got ${text.length}`);
  }
  return text;
}

/** A group or a private group. @throws Malformed */
export const readGroupName = (reader: ByteReader): string =>
  readText(reader, 'a group name', 1, MAX_NAME_LENGTH);

/**
 * @param most where a limit of bytes would let a peer make too much of them
 * @throws Malformed unless `count` items of at least this many bytes can follow
 */
export function expectRoom(reader: ByteReader, count: number, size: number, most = Infinity): void {
  if (count > reader.left / size) throw new Malformed(`a count of ${count} before ${reader.left} bytes`);
  if (count > most) throw new Malformed(`expected a count of at most ${most}, got ${count}`);
}

export const writeId = (writer: ByteWriter, id: GroupId): ByteWriter =>
  writer.u32(id[0]).u32(id[1]).u32(id[2]);

/** @throws Malformed */
export const readId = (reader: ByteReader): GroupId => [reader.i32(), reader.i32(), reader.i32()];

/** The word for the number that was read. @param from number of the first word @throws Malformed for another number */
export function wordOf<W extends string>(what: string, words: readonly W[], number: number, from = 1): W {
  const word = words[number - from];
  if (word === undefined) {
    throw new Malformed(`expected ${what} from ${from} to ${from + words.length - 1}, got ${number}`);
  }
  return word;
}

/** The number for a word. */
export const numberOf = <W extends string>(words: readonly W[], word: W, from = 1): number =>
  words.indexOf(word) + from;
