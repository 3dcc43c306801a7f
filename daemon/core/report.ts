/**
 * What each daemon tells the others when a daemon view begins (daemon-semantics.md 1.3): its own members of each group,
 * and the requests of its sessions that wait for the new view. One payload, little-endian:
 *
 * version (4) | tag of the view (8) | past (8) | daemon name (32) | identity (4) | proposed time (4) |
 * times: count (4), each identity (4) and time (4) |
 * groups: count (4), each name (32), id (12), whether it lost members (4), members: count (4), each a name (32) |
 * requests: count (4), each kind (4), sender (32), group (32)
 *
 * Groups, and the members of each, stand in byte order of their names.
 */
import { Buffer } from 'node:buffer';
import { GROUP_ID_BYTES, type GroupId, writeGroupId } from '../../lib/wire/group-id.js';
import { NAME_BYTES } from '../../lib/wire/limits.js';
import { writeName } from '../../lib/wire/name.js';

export const REPORT_VERSION = 1;
/** Everything before the times. */
export const REPORT_HEAD_BYTES = 4 + 8 + 8 + NAME_BYTES + 4 + 4;
export const TIME_BYTES = 8;
/** A group before its members. */
export const GROUP_BYTES = NAME_BYTES + GROUP_ID_BYTES + 4 + 4;
export const REQUEST_BYTES = 4 + 2 * NAME_BYTES;
const COUNT_BYTES = 4;

/** Names are 32-byte fields, as everywhere in frames. */
export interface Report {
  readonly tag: bigint;
  readonly past: bigint;
  readonly daemon: string;
  /** Identity of the daemon, signed. */
  readonly id: number;
  /** Seconds since 1970: the view's time, should this daemon be its first. */
  readonly time: number;
  /** Identities and the highest time used with each. */
  readonly times: readonly (readonly [id: number, time: number])[];
  /** Those that have members at this daemon. */
  readonly groups: readonly ReportedGroup[];
  readonly requests: readonly Request[];
}

export interface ReportedGroup {
  readonly field: Buffer;
  /** The id of the view that its members are in. */
  readonly id: GroupId;
  /** Whether it lost members since that view, and the transitional signal was given. */
  readonly lost: boolean;
  readonly members: readonly Buffer[];
}

/** A membership request: JOIN_MESS, LEAVE_MESS or KILL_MESS. */
export interface Request {
  readonly kind: number;
  /** The session's private group. */
  readonly sender: Buffer;
  /** All zero with KILL_MESS. */
  readonly group: Buffer;
}

export function encodeReport(report: Report): Buffer {
  const writer = new Writer(lengthOf(report));
  writer.word(REPORT_VERSION);
  writer.long(report.tag);
  writer.long(report.past);
  writer.name(report.daemon);
  writer.word(report.id);
  writer.word(report.time);
  writer.word(report.times.length);
  for (const [id, time] of report.times) {
    writer.word(id);
    writer.word(time);
  }
  writer.word(report.groups.length);
  for (const { field, id, lost, members } of report.groups) {
    writer.field(field);
    writer.groupId(id);
    writer.word(lost ? 1 : 0);
    writer.word(members.length);
    for (const member of members) writer.field(member);
  }
  writer.word(report.requests.length);
  for (const { kind, sender, group } of report.requests) {
    writer.word(kind);
    writer.field(sender);
    writer.field(group);
  }
  return writer.bytes;
}

function lengthOf({ times, groups, requests }: Report): number {
  let length = REPORT_HEAD_BYTES + 3 * COUNT_BYTES + times.length * TIME_BYTES;
  for (const { members } of groups) length += GROUP_BYTES + members.length * NAME_BYTES;
  return length + requests.length * REQUEST_BYTES;
}

/** Fills one buffer from front to back. */
class Writer {
  readonly bytes: Buffer;
  private at = 0;

  constructor(length: number) {
    this.bytes = Buffer.allocUnsafe(length);
  }

  word(value: number): void {
    this.at = this.bytes.writeInt32LE(value | 0, this.at);
  }

  long(value: bigint): void {
    this.at = this.bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.at);
  }

  name(name: string): void {
    writeName(this.bytes, this.at, name);
    this.at += NAME_BYTES;
  }

  field(field: Buffer): void {
    this.bytes.set(field, this.at);
    this.at += NAME_BYTES;
  }

  groupId(id: GroupId): void {
    writeGroupId(this.bytes, this.at, id);
    this.at += GROUP_ID_BYTES;
  }
}
