/**
 * NETWORK: daemons were lost or found. One frame says who is gone, who has come, and in which sets the members of the new view
 * stayed together.
 */
import { Buffer } from '#buffer';
import { type ByteReader, type ByteWriter, Malformed } from '../../util/bytes.js';
import type { GroupId } from '../group-id.js';
import { HEADER_BYTES, MAX_NETWORK_CHANGES, MAX_NETWORK_SETS } from '../limits.js';
import {
  Kind,
  encodeExtension,
  expectRoom,
  fieldWriter,
  readData,
  readGroupField,
  readGroupName,
  readId,
  writeId,
} from './frame.js';
import { type MemberRecord, memberFlags, readMemberExtras, writeMemberExtras } from './member.js';

/** Members side by side in the final list. */
export interface MemberRange {
  /** Place of the first one. */
  readonly first: number;
  /** Number of members. */
  readonly count: number;
}

/** A member that has come, and its place in the final list. */
export interface ComeRecord extends MemberRecord {
  /** Its place in the final list. */
  readonly index: number;
}

/** A frame NETWORK. */
export interface Network {
  /** Name of the group. */
  readonly group: string;
  /** Id of the view. */
  readonly id: GroupId;
  /** Whether the order of those who stay changed: a LIST follows, and nothing of this is to be applied to a list. */
  readonly reordered: boolean;
  /** Members of the view. */
  readonly members: number;
  /** Hash of the final list. */
  readonly hash: bigint;
  /** Private groups of those who are gone. */
  readonly gone: readonly string[];
  /** Those who have come. */
  readonly come: readonly ComeRecord[];
  /** Sets of members that come from one view: ranges that are apart. */
  readonly sets: readonly (readonly MemberRange[])[];
  /** Index of the receiver's own set; null for an observer. */
  readonly ownSet: number | null;
}

const REORDERED = 1;
const NO_SET = 0xffffffff;
const LIST_BYTES = 64;
/** Where the index of the own set stands in the data: the one field that differs from receiver to receiver. */
const OWN_SET_AT = 40;
/** Length and one byte of text. */
const MIN_NAME_BYTES = 2;
/** Index, name, flags. */
const MIN_COME_BYTES = 4 + MIN_NAME_BYTES + 1;
const RANGE_BYTES = 8;

export function encodeNetwork(network: Network): Buffer {
  const { gone, come, sets } = network;
  const writer = writeId(fieldWriter(LIST_BYTES), network.id)
    .u32(network.reordered ? REORDERED : 0)
    .u32(network.members)
    .u64(network.hash)
    .u32(gone.length)
    .u32(come.length)
    .u32(sets.length)
    .u32(network.ownSet ?? NO_SET);
  for (const name of gone) writer.latin1(name);
  for (const each of come) {
    writer.u32(each.index).latin1(each.name).u8(memberFlags(each));
    writeMemberExtras(writer, each);
  }
  for (const set of sets) writeSet(writer, set);
  return encodeExtension(Kind.NETWORK, network.group, writer.finish());
}

/** The same frame for a receiver of another set. @param ownSet null for an observer */
export function withOwnSet(frame: Buffer, ownSet: number | null): Buffer {
  const copy = Buffer.from(frame);
  copy.writeUInt32LE(ownSet ?? NO_SET, HEADER_BYTES + OWN_SET_AT);
  return copy;
}

function writeSet(writer: ByteWriter, ranges: readonly MemberRange[]): void {
  writer.u16(ranges.length);
  for (const { first, count } of ranges) writer.u32(first).u32(count);
}

/** Reads the frame NETWORK. @throws FrameFault */
export function readNetwork(bytes: Buffer, start: number, end: number): Network {
  const group = readGroupField('NETWORK', bytes, start);
  return readData('NETWORK', bytes, start, end, (reader) => {
    const id = readId(reader);
    const reordered = (reader.u8() & REORDERED) !== 0;
    reader.raw(3);
    const members = reader.u32();
    const hash = reader.u64();
    const [goneCount, comeCount, setCount, own] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
    expectRoom(reader, goneCount, MIN_NAME_BYTES, MAX_NETWORK_CHANGES);
    const gone = repeat(goneCount, () => readGroupName(reader));
    expectRoom(reader, comeCount, MIN_COME_BYTES, MAX_NETWORK_CHANGES);
    const come = repeat(comeCount, () => readCome(reader, members));
    expectRoom(reader, setCount, 2, MAX_NETWORK_SETS);
    const sets = repeat(setCount, () => readSet(reader, members));
    if (own !== NO_SET && own >= setCount) {
      throw new Malformed(`expected an own set below ${setCount}, got ${own}`);
    }
    return { group, id, reordered, members, hash, gone, come, sets, ownSet: own === NO_SET ? null : own };
  });
}

const repeat = <T>(count: number, read: () => T): T[] => Array.from({ length: count }, read);

function readCome(reader: ByteReader, members: number): ComeRecord {
  const index = reader.u32();
  if (index >= members) throw new Malformed(`expected a place below ${members}, got ${index}`);
  const name = readGroupName(reader);
  return { index, ...readMemberExtras(reader, name, reader.u8()) };
}

function readSet(reader: ByteReader, members: number): MemberRange[] {
  const count = reader.u16();
  expectRoom(reader, count, RANGE_BYTES);
  let total = 0;
  return repeat(count, () => {
    const range = { first: reader.u32(), count: reader.u32() };
    if (range.first + range.count > members) {
      throw new Malformed(`expected a range within ${members} members, got ${range.first}+${range.count}`);
    }
    // Else a short set could name each member thousands of times.
    total += range.count;
    if (total > members) throw new Malformed(`expected a set of at most ${members} members, got ${total}`);
    return range;
  });
}
