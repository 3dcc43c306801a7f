/**
 * RESUME: a client comes back and says what it had and what it wants; and what belongs to it: NUMBER, which numbers its requests,
 * ACK, which says that they are stable, and RESUMED, which ends the replay.
 */
import type { Buffer } from '#buffer';
import { type ByteReader, Malformed } from '../../util/bytes.js';
import { NAME_AT } from '../header.js';
import { HEADER_BYTES } from '../limits.js';
import { isGroupName } from '../name.js';
import {
  Kind,
  encodeExtension,
  expectRoom,
  fieldWriter,
  readData,
  readField,
  readGroupName,
} from './frame.js';

/** What a client says of one group. */
export interface ResumeGroup {
  /** Name of the group. */
  readonly group: string;
  /** Whether its list comes on demand. */
  readonly onDemand: boolean;
  /** Whether the transitional signal of its last view has come. */
  readonly signalled: boolean;
  /** Whether the client was in it when the last MARK came. */
  readonly had: boolean;
  /** Whether it is to be a member. */
  readonly wanted: boolean;
}

/** A frame RESUME. */
export interface Resume {
  /** Number of the next request. */
  readonly next: number;
  /** Number of this try. */
  readonly attempt: number;
  /** Whether another RESUME follows; the last one commits. */
  readonly more: boolean;
  /** The groups of this part. */
  readonly groups: readonly ResumeGroup[];
}

/** Most groups of all parts together. */
export const MAX_RESUME_GROUPS = 10_000;

const ON_DEMAND = 1;
const SIGNALLED = 2;
const HAD = 4;
const WANTED = 8;
/** The name of a group and its flags. */
const MIN_GROUP_BYTES = 3;

export function encodeResume({ next, attempt, more, groups }: Resume): Buffer {
  const writer = fieldWriter(64)
    .u8(more ? 1 : 0)
    .u32(groups.length);
  for (const each of groups) writer.latin1(each.group).u8(flagsOf(each));
  return encodeExtension(Kind.RESUME, fieldWriter().u48(next).u32(attempt), writer.finish());
}

const flagsOf = (each: ResumeGroup): number =>
  (each.onDemand ? ON_DEMAND : 0) |
  (each.signalled ? SIGNALLED : 0) |
  (each.had ? HAD : 0) |
  (each.wanted ? WANTED : 0);

/** Reads the frame RESUME. @throws FrameFault */
export const readResume = (bytes: Buffer, start: number, end: number): Resume => ({
  ...readField('RESUME', bytes, start, (reader) => ({ next: reader.u48(), attempt: reader.u32() })),
  ...readData('RESUME', bytes, start, end, (reader) => {
    const more = reader.u8() !== 0;
    const count = reader.u32();
    if (count > MAX_RESUME_GROUPS)
      throw new Malformed(`expected at most ${MAX_RESUME_GROUPS} groups, got ${count}`);
    expectRoom(reader, count, MIN_GROUP_BYTES);
    return { more, groups: Array.from({ length: count }, () => readGroup(reader)) };
  }),
});

function readGroup(reader: ByteReader): ResumeGroup {
  const group = readGroupName(reader);
  if (!isGroupName(group)) throw new Malformed('expected a legal group name');
  const flags = reader.u8();
  return {
    group,
    onDemand: (flags & ON_DEMAND) !== 0,
    signalled: (flags & SIGNALLED) !== 0,
    had: (flags & HAD) !== 0,
    wanted: (flags & WANTED) !== 0,
  };
}

/** @param number of the next request */
export const encodeNumber = (number: number): Buffer =>
  encodeExtension(Kind.NUMBER, fieldWriter().u48(number));

/** Reads the frame NUMBER. @throws FrameFault */
export const readNumber = (bytes: Buffer, start: number): number =>
  readField('NUMBER', bytes, start, (reader) => reader.u48());

/** @param number requests up to it are stable */
export const encodeAck = (number: number): Buffer => encodeExtension(Kind.ACK, fieldWriter().u48(number));

const ACK = encodeAck(0);

/** Bytes of a frame ACK. */
export const ACK_BYTES = HEADER_BYTES;

/** Writes a frame ACK where there is room for it. @param number requests up to it are stable */
export function writeAck(bytes: Buffer, at: number, number: number): void {
  bytes.set(ACK, at);
  bytes.writeUIntLE(number, at + NAME_AT, 6);
}

/** Reads the frame ACK. @throws FrameFault */
export const readAck = (bytes: Buffer, start: number): number =>
  readField('ACK', bytes, start, (reader) => reader.u48());

/** @param groups number of groups that were replayed */
export const encodeResumed = (groups: number): Buffer =>
  encodeExtension(Kind.RESUMED, fieldWriter(), fieldWriter(4).u32(groups).finish());

/** Reads the frame RESUMED. @throws FrameFault */
export const readResumed = (bytes: Buffer, start: number, end: number): number =>
  readData('RESUMED', bytes, start, end, (reader) => reader.u32());
