/**
 * Membership frames and their bodies: regular, transitional, self-leave [session 6], and the older form
 * that SSP hands to its callers [receive 2].
 *
 * Regular body: group id (12) | number of vs sets (4) | offset of the receiver's set from byte 20 (4) | sets, each a
 * count (4) and that many name fields (32). Transitional body: the group id. Self-leave: nothing.
 */
import { Buffer } from '#buffer';
import { readInt, writeInt } from './byte-order.js';
import { FrameFault } from './fault.js';
import { GROUP_ID_BYTES, type GroupId, readGroupId, writeGroupId } from './group-id.js';
import { writeHeader } from './header.js';
import { HEADER_BYTES, MAX_VIEW_MEMBERS, NAME_BYTES } from './limits.js';
import { readNames, writeName } from './name.js';
import { CAUSED_BY_LEAVE, REG_MEMB_MESS, TRANSITION_MESS } from './service.js';

const SET_COUNT_AT = GROUP_ID_BYTES;
const OWN_SET_AT = 16;
const SETS_AT = 20;
const COUNT_BYTES = 4;

/** Where one vs set stands in a body, as the calls of the C library tell it. */
export interface VsSet {
  /** Number of its names. */
  readonly numMembers: number;
  /** Offset of its first name from the start of the body. */
  readonly membersOffset: number;
}

/** What the body of a regular membership message says. */
export interface MembershipBody {
  /** Id of the view. */
  readonly id: GroupId;
  /** The sets, in the order of the body. */
  readonly sets: readonly VsSet[];
  /** Index of the receiver's own set; for join, leave and disconnect the set of the one who changed. */
  readonly ownSet: number;
}

/**
 * Reads a regular body and checks every count and offset against its length.
 * @param at start of the body, @param length its bytes, @param little byte order of its integers (the type word's)
 * @throws FrameFault `membership-body`
 */
export function readMembershipBody(
  bytes: Buffer,
  at: number,
  length: number,
  little: boolean,
): MembershipBody {
  if (length < SETS_AT + COUNT_BYTES) throw bad(`${length} bytes are too few`);
  const count = readInt(bytes, at + SET_COUNT_AT, little);
  if (count < 1 || count > MAX_VIEW_MEMBERS) throw bad(`${count} vs sets`);
  const own = SETS_AT + readInt(bytes, at + OWN_SET_AT, little);
  const sets: VsSet[] = [];
  let ownSet = -1;
  let offset = SETS_AT;
  for (let i = 0; i < count; i++) {
    if (offset + COUNT_BYTES > length) throw bad('a vs set begins after the end');
    const numMembers = readInt(bytes, at + offset, little);
    if (numMembers < 0 || numMembers > (length - offset - COUNT_BYTES) / NAME_BYTES) {
      throw bad(`a vs set of ${numMembers} names`);
    }
    if (offset === own) ownSet = i;
    sets.push({ numMembers, membersOffset: offset + COUNT_BYTES });
    offset += COUNT_BYTES + numMembers * NAME_BYTES;
  }
  if (ownSet < 0) throw bad(`no vs set begins at the receiver's offset ${own}`);
  return { id: readGroupId(bytes, at, little), sets, ownSet };
}

/** The names of one set of a body that starts at `at`. */
export const readVsSet = (bytes: Buffer, at: number, set: VsSet): string[] =>
  readNames(bytes, at + set.membersOffset, set.numMembers);

const bad = (detail: string): FrameFault => new FrameFault('membership-body', `membership body: ${detail}`);

/**
 * A regular membership frame, little-endian.
 * @param cause exactly one CAUSED_BY bit
 * @param members name fields of all members of the new view, in order
 * @param sets name fields of each vs set, @param ownSet index of the receiver's
 */
export function encodeRegularMembership(
  group: string,
  cause: number,
  members: readonly Buffer[],
  id: GroupId,
  sets: readonly (readonly Buffer[])[],
  ownSet: number,
): Buffer {
  let dataLength = SETS_AT;
  let ownOffset = 0;
  for (const [i, set] of sets.entries()) {
    if (i === ownSet) ownOffset = dataLength - SETS_AT;
    dataLength += COUNT_BYTES + set.length * NAME_BYTES;
  }
  const bodyAt = HEADER_BYTES + members.length * NAME_BYTES;
  const frame = Buffer.allocUnsafe(bodyAt + dataLength);
  const service = REG_MEMB_MESS | cause;
  writeHeader(frame, 0, { service, name: group, numGroups: members.length, messType: 0, dataLength });
  copyFields(frame, HEADER_BYTES, members);
  writeGroupId(frame, bodyAt, id);
  writeInt(frame, bodyAt + SET_COUNT_AT, sets.length, true);
  writeInt(frame, bodyAt + OWN_SET_AT, ownOffset, true);
  let at = bodyAt + SETS_AT;
  for (const set of sets) {
    writeInt(frame, at, set.length, true);
    at = copyFields(frame, at + COUNT_BYTES, set);
  }
  return frame;
}

/** The frame of a transitional signal. @param id the id of the last regular view the members had [session 6.4] */
export function encodeTransition(group: string, id: GroupId): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + GROUP_ID_BYTES);
  const dataLength = GROUP_ID_BYTES;
  writeHeader(frame, 0, { service: TRANSITION_MESS, name: group, numGroups: 0, messType: 0, dataLength });
  writeGroupId(frame, HEADER_BYTES, id);
  return frame;
}

/** The frame that tells a session that it has left the group [session 6.5]. */
export function encodeSelfLeave(group: string): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES);
  writeHeader(frame, 0, { service: CAUSED_BY_LEAVE, name: group, numGroups: 0, messType: 0, dataLength: 0 });
  return frame;
}

function copyFields(frame: Buffer, at: number, fields: readonly Buffer[]): number {
  for (const field of fields) {
    frame.set(field, at);
    at += NAME_BYTES;
  }
  return at;
}

/** Length of the body that SSP gives for this many names: 48 for one. */
export const sspBodyLength = (names: number): number => GROUP_ID_BYTES + COUNT_BYTES + names * NAME_BYTES;

/** SSP's body: group id, number of names, names; always little-endian here [receive 2, Q19]. */
export function encodeSspBody(id: GroupId, names: readonly string[]): Buffer {
  const body = Buffer.allocUnsafe(sspBodyLength(names.length));
  writeGroupId(body, 0, id);
  writeInt(body, GROUP_ID_BYTES, names.length, true);
  for (const [i, name] of names.entries()) writeName(body, sspBodyLength(i), name);
  return body;
}

/**
 * The parsed form of SSP's body.
 * @throws FrameFault `membership-body` when the length does not fit the count
 */
export function readSspBody(body: Buffer): { id: GroupId; names: string[] } {
  if (body.length < sspBodyLength(0)) throw bad(`${body.length} bytes are too few`);
  const count = readInt(body, GROUP_ID_BYTES, true);
  if (count < 0 || sspBodyLength(count) > body.length) throw bad(`${count} names in ${body.length} bytes`);
  return { id: readGroupId(body, 0, true), names: readNames(body, sspBodyLength(0), count) };
}
