/**
 * Frames that daemons put into the order for one another: whose requests a payload holds, who has returned, whom they forget.
 * Clients cannot send them, and never see them.
 */
import { Buffer } from '#buffer';
import { IllegalParamError } from '../../errors.js';
import { type ByteReader, Malformed } from '../../util/bytes.js';
import { HEADER_BYTES } from '../limits.js';
import {
  DaemonKind,
  bad,
  encodeDaemonFrame,
  expectRoom,
  fieldWriter,
  frameKind,
  readData,
  readField,
  readGroupField,
  readGroupName,
} from './frame.js';
import { isSubject, readSubject } from './member.js';

/** Requests of one resumable session in a payload, with consecutive numbers. */
export interface SourceRun {
  /** Id of the session. */
  readonly sid: bigint;
  /** Number of the first request. */
  readonly first: number;
  /** Number of requests. */
  readonly count: number;
  /** Place of the first one in the payload; the sender of that frame is the session. */
  readonly at: number;
}

/** A session that has come to a daemon, from another one or from an ended connection. */
export interface Return {
  /** Its private group here. */
  readonly name: string;
  /** Id of the session. */
  readonly sid: bigint;
  /** Number of the try: only the highest one counts. */
  readonly attempt: number;
  /** Number of its last request, as the sender knows it. */
  readonly last: number;
  /** The private group that it had. */
  readonly oldName: string;
  /** Groups that it wants. */
  readonly groups: readonly string[];
}

/** The end of what is known of sessions that nobody has. */
export interface Forget {
  /** Tag of the daemon view in which it was decided. */
  readonly view: bigint;
  /** Number of payloads of that view that its daemon had delivered by then. */
  readonly index: number;
  /** Ids of the sessions. */
  readonly sids: readonly bigint[];
}

/** Whom a session has proved to be. */
export interface Subject {
  /** Private group of the session. */
  readonly name: string;
  /** The subject: 1 to 128 bytes of UTF-8. */
  readonly subject: string;
}

/** Bytes of a run in the frame SOURCES. */
export const SOURCE_BYTES = 20;
const SID_BYTES = 8;

export function encodeSources(runs: readonly SourceRun[]): Buffer {
  const writer = fieldWriter(runs.length * SOURCE_BYTES);
  for (const { sid, first, count, at } of runs) writer.u64(sid).u48(first).u16(count).u32(at);
  return encodeDaemonFrame(DaemonKind.SOURCES, fieldWriter(), writer.finish());
}

/** A run with the two words of its id, unsigned. */
export interface SourceWords extends Omit<SourceRun, 'sid'> {
  /** The upper half of the id. */
  readonly high: number;
  /** The lower half. */
  readonly low: number;
}

/** The same as `encodeSources`, without a big integer for each run. */
export function encodeSourceWords(runs: readonly SourceWords[]): Buffer {
  const data = Buffer.allocUnsafe(runs.length * SOURCE_BYTES);
  let to = 0;
  for (const { high, low, first, count, at } of runs) {
    data.writeUInt32LE(low, to);
    data.writeUInt32LE(high, to + 4);
    data.writeUIntLE(first, to + 8, 6);
    data.writeUInt16LE(count, to + 14);
    data.writeUInt32LE(at, to + 16);
    to += SOURCE_BYTES;
  }
  return encodeDaemonFrame(DaemonKind.SOURCES, fieldWriter(), data);
}

/** Reads the frame SOURCES. @throws FrameFault */
export const readSources = (bytes: Buffer, start: number, end: number): SourceRun[] =>
  readData('SOURCES', bytes, start, end, (reader) =>
    Array.from({ length: wholeItems(reader, SOURCE_BYTES) }, () => ({
      sid: reader.u64(),
      first: reader.u48(),
      count: reader.u16(),
      at: reader.u32(),
    })),
  );

/**
 * Calls `visit` for each run of the frame SOURCES: the same as `readSources` without an object for each of them.
 * @param visit the id comes as its low and its high word, unsigned
 * @throws FrameFault
 */
export function eachSource(
  bytes: Buffer,
  start: number,
  end: number,
  visit: (low: number, high: number, first: number, count: number, at: number) => void,
): void {
  const data = start + HEADER_BYTES;
  if ((end - data) % SOURCE_BYTES !== 0)
    throw bad('SOURCES', `expected a multiple of ${SOURCE_BYTES} bytes, got ${end - data}`);
  for (let at = data; at < end; at += SOURCE_BYTES) {
    visit(
      bytes.readUInt32LE(at),
      bytes.readUInt32LE(at + 4),
      bytes.readUIntLE(at + 8, 6),
      bytes.readUInt16LE(at + 14),
      bytes.readUInt32LE(at + 16),
    );
  }
}

/** Number of items that the data consist of. */
function wholeItems(reader: ByteReader, size: number): number {
  if (reader.left % size !== 0)
    throw new Malformed(`expected a multiple of ${size} bytes, got ${reader.left}`);
  return reader.left / size;
}

export function encodeReturn({ name, sid, attempt, last, oldName, groups }: Return): Buffer {
  const writer = fieldWriter(128).u64(sid).u32(attempt).u48(last).latin1(oldName).u32(groups.length);
  for (const group of groups) writer.latin1(group);
  return encodeDaemonFrame(DaemonKind.RETURN, name, writer.finish());
}

/** Reads the frame RETURN. @throws FrameFault */
export const readReturn = (bytes: Buffer, start: number, end: number): Return => ({
  name: readGroupField('RETURN', bytes, start),
  ...readData('RETURN', bytes, start, end, (reader) => {
    const [sid, attempt, last] = [reader.u64(), reader.u32(), reader.u48()];
    const oldName = readGroupName(reader);
    const count = reader.u32();
    expectRoom(reader, count, 2);
    return {
      sid,
      attempt,
      last,
      oldName,
      groups: Array.from({ length: count }, () => readGroupName(reader)),
    };
  }),
});

export function encodeForget({ view, index, sids }: Forget): Buffer {
  const writer = fieldWriter(sids.length * SID_BYTES);
  for (const sid of sids) writer.u64(sid);
  return encodeDaemonFrame(DaemonKind.FORGET, fieldWriter().u64(view).u48(index), writer.finish());
}

/** Reads the frame FORGET. @throws FrameFault */
export const readForget = (bytes: Buffer, start: number, end: number): Forget => ({
  ...readField('FORGET', bytes, start, (reader) => ({ view: reader.u64(), index: reader.u48() })),
  sids: readData('FORGET', bytes, start, end, (reader) =>
    Array.from({ length: wholeItems(reader, SID_BYTES) }, () => reader.u64()),
  ),
});

/** @param name private group whose alias ends */
export const encodeAliasEnd = (name: string): Buffer => encodeDaemonFrame(DaemonKind.ALIAS_END, name);

/** Reads the frame ALIAS-END: the private group whose alias ends. @throws FrameFault */
export const readAliasEnd = (bytes: Buffer, start: number): string =>
  readGroupField('ALIAS-END', bytes, start);

/** @throws IllegalParamError for a subject that is empty or too long */
export function encodeSubject({ name, subject }: Subject): Buffer {
  if (!isSubject(subject)) throw new IllegalParamError('expected a subject of 1 to 128 bytes of UTF-8');
  return encodeDaemonFrame(DaemonKind.SUBJECT, name, fieldWriter().utf8(subject).finish());
}

/** Reads the frame SUBJECT. @throws FrameFault */
export const readSubjectFrame = (bytes: Buffer, start: number, end: number): Subject => ({
  name: readGroupField('SUBJECT', bytes, start),
  subject: readData('SUBJECT', bytes, start, end, (reader) => readSubject(reader, 1)),
});

/** A frame of a daemon by its kind. */
export type DaemonFrame =
  | { readonly kind: 'sources'; readonly runs: readonly SourceRun[] }
  | ({ readonly kind: 'return' } & Return)
  | ({ readonly kind: 'forget' } & Forget)
  | { readonly kind: 'alias-end'; readonly name: string }
  | ({ readonly kind: 'subject' } & Subject);

/** Reads a frame of a daemon; null for an unknown kind. @throws FrameFault */
export function readDaemonFrame(bytes: Buffer, start: number, end: number): DaemonFrame | null {
  switch (frameKind(bytes, start)) {
    case DaemonKind.SOURCES:
      return { kind: 'sources', runs: readSources(bytes, start, end) };
    case DaemonKind.RETURN:
      return { kind: 'return', ...readReturn(bytes, start, end) };
    case DaemonKind.FORGET:
      return { kind: 'forget', ...readForget(bytes, start, end) };
    case DaemonKind.ALIAS_END:
      return { kind: 'alias-end', name: readAliasEnd(bytes, start) };
    case DaemonKind.SUBJECT:
      return { kind: 'subject', ...readSubjectFrame(bytes, start, end) };
    default:
      return null;
  }
}
