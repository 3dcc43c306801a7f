/**
 * LIST: the members of a group, whole, in parts. Members of one daemon that stand side by side are a block; a block may continue
 * in the next part.
 */
import type { Buffer } from '#buffer';
import { type ByteReader, type ByteWriter, Malformed } from '../../util/bytes.js';
import type { GroupId } from '../group-id.js';
import { HEADER_BYTES, MAX_DAEMON_NAME, MAX_PRIVATE_NAME } from '../limits.js';
import { privateGroup } from '../name.js';
import {
  Kind,
  bad,
  encodeExtension,
  expectRoom,
  fieldWriter,
  numberOf,
  readData,
  readGroupField,
  readId,
  readText,
  wordOf,
  writeId,
} from './frame.js';
import { readSubject } from './member.js';

const CAUSES = ['none', 'join', 'leave', 'disconnect', 'network'] as const;
/** Why the list came to be; `none` of a list that was asked for. */
export type ListCause = (typeof CAUSES)[number];

/** What all parts of a list say. */
export interface ListHead {
  /** Id of the view. */
  readonly id: GroupId;
  /** Why the list came to be. */
  readonly cause: ListCause;
  /** Whether this is the first part. */
  readonly first: boolean;
  /** Whether this is the last part. */
  readonly last: boolean;
  /** Whether it answers LIST?. */
  readonly answer: boolean;
  /** Whether it follows a gap. */
  readonly afterGap: boolean;
  /** Whether the blocks of this part have subjects. */
  readonly withSubjects: boolean;
  /** Members of the view. */
  readonly members: number;
  /** Place of the receiver; null for an observer. */
  readonly ownIndex: number | null;
  /** Hash of the list. */
  readonly hash: bigint;
  /** Data messages of the group so far; null when they are not counted. */
  readonly messages: number | null;
}

/** A part of a list. */
export interface List extends ListHead {
  /** Name of the group. */
  readonly group: string;
  /** Private groups of this part, in their order. */
  readonly names: readonly string[];
  /** For each name whom the daemon states it to be; null when this part states nothing of anybody. */
  readonly subjects: readonly (string | null)[] | null;
}

const FIRST = 1;
const LAST = 2;
const ANSWER = 4;
const AFTER_GAP = 8;
const MESSAGES = 16;
const SUBJECTS = 32;
const NOT_LISTED = 0xffffffff;
/** Longest part, in bytes of data. */
export const MAX_LIST_PART_BYTES = 65_536;

/**
 * Writes members of one daemon that stand side by side.
 * @param names private names @param subjects one for each name, for a part with subjects
 */
export function writeListBlock(
  writer: ByteWriter,
  daemon: string,
  names: readonly string[],
  subjects: readonly (string | null)[] | null = null,
): void {
  writer.latin1(daemon).u32(names.length);
  for (const [i, name] of names.entries()) {
    writer.latin1(name);
    if (subjects) writer.utf8(subjects[i] ?? '');
  }
}

/** One part. @param blocks pieces that are put side by side */
export function encodeList(group: string, head: ListHead, ...blocks: readonly Uint8Array[]): Buffer {
  const writer = writeId(fieldWriter(48), head.id)
    .u8(numberOf(CAUSES, head.cause, 0))
    .u8(flagsOf(head))
    .u16(0)
    .u32(head.members)
    .u32(head.ownIndex ?? NOT_LISTED)
    .u64(head.hash);
  if (head.messages !== null) writer.u48(head.messages);
  return encodeExtension(Kind.LIST, group, writer.finish(), ...blocks);
}

const flagsOf = (head: ListHead): number =>
  (head.first ? FIRST : 0) |
  (head.last ? LAST : 0) |
  (head.answer ? ANSWER : 0) |
  (head.afterGap ? AFTER_GAP : 0) |
  (head.messages === null ? 0 : MESSAGES) |
  (head.withSubjects ? SUBJECTS : 0);

/** Reads the frame LIST. @throws FrameFault */
export function readList(bytes: Buffer, start: number, end: number): List {
  const group = readGroupField('LIST', bytes, start);
  const length = end - start - HEADER_BYTES;
  if (length > MAX_LIST_PART_BYTES) {
    throw bad('LIST', `expected at most ${MAX_LIST_PART_BYTES} bytes of data, got ${length}`);
  }
  return readData('LIST', bytes, start, end, (reader) => {
    const head = readHead(reader);
    const names: string[] = [];
    const subjects: (string | null)[] | null = head.withSubjects ? [] : null;
    while (reader.left > 0) readBlock(reader, names, subjects);
    if (names.length > head.members) {
      throw new Malformed(`expected at most ${head.members} names, got ${names.length}`);
    }
    return { group, ...head, names, subjects };
  });
}

function readHead(reader: ByteReader): ListHead {
  const id = readId(reader);
  const cause = wordOf('a cause', CAUSES, reader.u8(), 0);
  const flags = reader.u8();
  reader.u16();
  const [members, own, hash] = [reader.u32(), reader.u32(), reader.u64()];
  if (own !== NOT_LISTED && own >= members) {
    throw new Malformed(`expected an own place below ${members}, got ${own}`);
  }
  return {
    id,
    cause,
    first: (flags & FIRST) !== 0,
    last: (flags & LAST) !== 0,
    answer: (flags & ANSWER) !== 0,
    afterGap: (flags & AFTER_GAP) !== 0,
    withSubjects: (flags & SUBJECTS) !== 0,
    members,
    ownIndex: own === NOT_LISTED ? null : own,
    hash,
    messages: (flags & MESSAGES) === 0 ? null : reader.u48(),
  };
}

function readBlock(reader: ByteReader, names: string[], subjects: (string | null)[] | null): void {
  const daemon = readText(reader, 'a daemon name', 1, MAX_DAEMON_NAME);
  const count = reader.u32();
  expectRoom(reader, count, subjects ? 3 : 2);
  for (let i = 0; i < count; i++) {
    names.push(privateGroup(readText(reader, 'a private name', 1, MAX_PRIVATE_NAME), daemon));
    subjects?.push(readSubject(reader, 0) || null);
  }
}

/** The question for the list of a group. */
export const encodeListRequest = (group: string): Buffer => encodeExtension(Kind.LIST_REQUEST, group);

/** Reads the frame LIST?. @throws FrameFault */
export const readListRequest = (bytes: Buffer, start: number): string =>
  readGroupField('LIST?', bytes, start);
