/**
 * VIEWS: changes of one group that follow one another in the order, each a record. The id of record k is the id of the first
 * with k added to its last word.
 */
import type { Buffer } from '#buffer';
import type { ByteReader, ByteWriter } from '../../util/bytes.js';
import type { GroupId } from '../group-id.js';
import { HEADER_BYTES, MAX_VIEW_RECORDS } from '../limits.js';
import {
  Kind,
  encodeExtension,
  expectRoom,
  fieldWriter,
  numberOf,
  readData,
  readGroupField,
  readGroupName,
  readId,
  wordOf,
  writeId,
} from './frame.js';
import { type MemberRecord, memberFlags, readMemberExtras, writeMemberExtras } from './member.js';

const CAUSES = ['join', 'leave', 'disconnect'] as const;
/** Why a list changed by one member. */
export type ChangeCause = (typeof CAUSES)[number];

/** One change of a list. */
export interface ViewRecord extends MemberRecord {
  /** What the member did. */
  readonly cause: ChangeCause;
  /** Its place in the list; the one it had, of a member that went. */
  readonly index: number;
}

/** What stands before the records. */
export interface ViewsHead {
  /** Id of the view that the first record makes. */
  readonly id: GroupId;
  /** Number of records. */
  readonly changes: number;
  /** Members after the last record. */
  readonly members: number;
  /** Hash of the list after the last record. */
  readonly hash: bigint;
}

/** A frame VIEWS. */
export interface ViewChanges extends Omit<ViewsHead, 'changes'> {
  /** Name of the group. */
  readonly group: string;
  /** The changes, in their order. */
  readonly records: readonly ViewRecord[];
}

const HEAD_BYTES = 28;
/** Bytes of a frame before its first record. */
export const VIEWS_HEAD_BYTES = HEADER_BYTES + HEAD_BYTES;
/** Cause, flags, index and the length of the name. */
const MIN_RECORD_BYTES = 7;

/** Adds a record to those of a frame. */
export function writeViewRecord(writer: ByteWriter, record: ViewRecord): void {
  writer.u8(numberOf(CAUSES, record.cause)).u8(memberFlags(record)).u32(record.index).latin1(record.name);
  writeMemberExtras(writer, record);
}

/** A frame of records that are written already. @param records pieces that are put side by side */
export const encodeViews = (group: string, head: ViewsHead, ...records: readonly Uint8Array[]): Buffer =>
  encodeExtension(Kind.VIEWS, group, encodeHead(head), ...records);

/** The first 76 bytes of a frame alone. @param recordBytes length of the records that follow */
export function encodeViewsHead(group: string, head: ViewsHead, recordBytes: number): Buffer {
  const frame = encodeExtension(Kind.VIEWS, group, encodeHead(head));
  frame.writeUInt32LE(HEAD_BYTES + recordBytes, HEADER_BYTES - 4);
  return frame;
}

const encodeHead = ({ id, changes, members, hash }: ViewsHead): Buffer =>
  writeId(fieldWriter(), id).u32(changes).u32(members).u64(hash).finish();

/** Reads the frame VIEWS. @throws FrameFault */
export function readViews(bytes: Buffer, start: number, end: number): ViewChanges {
  const group = readGroupField('VIEWS', bytes, start);
  return readData('VIEWS', bytes, start, end, (reader) => {
    const id = readId(reader);
    const changes = reader.u32();
    const members = reader.u32();
    const hash = reader.u64();
    expectRoom(reader, changes, MIN_RECORD_BYTES, MAX_VIEW_RECORDS);
    const records: ViewRecord[] = [];
    for (let i = 0; i < changes; i++) records.push(readRecord(reader));
    return { group, id, members, hash, records };
  });
}

function readRecord(reader: ByteReader): ViewRecord {
  const cause = wordOf('a cause', CAUSES, reader.u8());
  const flags = reader.u8();
  const index = reader.u32();
  const member = readMemberExtras(reader, readGroupName(reader), flags);
  return { cause, index, ...member };
}
