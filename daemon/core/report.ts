/**
 * What the daemons tell each other when a daemon view begins [daemon 1.3]. A payload, little-endian:
 *
 * version (4) | tag of the view (8) | sections, each: tag (2), length (4), bytes
 *
 * A daemon skips sections that it does not know, so that others can be added without another version. By its sections a
 * payload is one of three:
 *
 * - a head, from each daemon: `head` past (8), identity (4), proposed time (4), features (4), groups with members here (4);
 *   `times` count (4), each identity (4) and time (4); `requests` that were put off, count (4), each kind (4),
 *   sender (32), group (32)
 * - a part of a daemon's own groups, when the pasts differ: `sessions` count (4), each private name; `groups` whether it
 *   is the last part (1), count (4), each name, id (12), whether it lost members (1), members: count (4), each the number
 *   of a session (4)
 * - in a head and in a part, what there is of resumable sessions: `resume-report`
 * - a verdict, when a payload is invalid: `verdict` count (2), each daemon's name and what is wrong with it
 *
 * A head may have `subjects` of sessions that are in no group and have a change under way, a part those of its sessions: count (4), each private name
 * and subject. Both may have `compact`: the sessions that get no whole views, count (4), in a part each its number (4), in a head the number of its join
 * among the requests (4).
 *
 * A head may have `addresses`, count (2), each a text: where clients reach the daemon.
 *
 * Names and texts are a length (1) and that many bytes. The members of a group stand in byte order of their names.
 */
import { Buffer } from 'node:buffer';
import { ByteWriter } from '../../lib/util/bytes.js';
import { writeAddresses } from '../../lib/wire/extension/addresses.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { NAME_BYTES } from '../../lib/wire/limits.js';
import { DAEMON_MESS } from '../../lib/wire/service.js';
import type { LocalSession } from './group.js';
import type { Request } from './request.js';
import { type ResumeHead, writeRecord, writeResumeHead } from './resume-report.js';
import type { ReportedSession } from './session-records.js';

export const REPORT_VERSION = 2;

/** What this build can do beyond that version, one bit each; a view uses what all of its daemons have. */
export const FEATURES = 1;
/** Sessions outlive their connection, and may return at another daemon. */
export const FEATURE_RESUMPTION = 1;

export const Section = {
  head: 1,
  times: 2,
  requests: 3,
  sessions: 4,
  groups: 5,
  verdict: 6,
  subjects: 7,
  compact: 8,
  resume: 9,
  records: 10,
  addresses: 11,
} as const;

/** Version and tag. */
export const PREFIX_BYTES = 12;
export const SECTION_HEAD_BYTES = 6;
export const TIME_BYTES = 8;
export const REQUEST_BYTES = 4 + 2 * NAME_BYTES;
/** A part is sent when it has as many bytes: it then fits into one message of the engine. */
export const PART_BYTES = 40 * 1024;
/** What is said about a fault is cut to this. */
export const MAX_FAULT_TEXT = 160;

/** Names are 32-byte fields, as everywhere in frames. */
export interface Head {
  readonly past: bigint;
  /** Identity of the daemon, signed. */
  readonly id: number;
  /** Seconds since 1970: the view's time, should this daemon be its first. */
  readonly time: number;
  readonly features: number;
  /** How many groups have members at this daemon. */
  readonly groups: number;
  /** Identities and the highest time used with each. */
  readonly times: readonly (readonly [id: number, time: number])[];
  readonly requests: readonly Request[];
  /** Of its sessions that are in no group, and have a change under way. */
  readonly subjects?: readonly StatedSubject[];
  /** Of resumable sessions; null of a daemon that does not know of them. */
  readonly resume?: ResumeHead | null;
  /** Where clients reach it; missing when it does not say. */
  readonly addresses?: readonly string[];
}

/** A private group, and whom its daemon states it to be. */
export type StatedSubject = readonly [privateGroup: string, subject: string];

/** A group that has members at the daemon. */
export interface ReportedGroup {
  readonly name: string;
  /** The id of the view that its members are in. */
  readonly id: GroupId;
  /** Whether it has lost members since that view, or loses some with this exchange that are of another past by now. */
  readonly lost: boolean;
  /** Private groups of the daemon's own sessions. */
  readonly members: readonly string[];
}

/** A daemon whose payload is invalid. */
export interface Fault {
  readonly daemon: string;
  readonly text: string;
}

export function encodeHead(tag: bigint, head: Head, version = REPORT_VERSION): Buffer {
  const to = begin(tag, version);
  const { past, id, time, features, groups, times, requests, resume, addresses = [] } = head;
  const at = open(to, Section.head);
  to.u64(past).u32(id).u32(time).u32(features).u32(groups);
  close(to, at);
  const timesAt = open(to, Section.times);
  to.u32(times.length);
  for (const [daemon, used] of times) to.u32(daemon).u32(used);
  close(to, timesAt);
  const requestsAt = open(to, Section.requests);
  const plain = requests.filter(({ kind }) => kind !== DAEMON_MESS);
  to.u32(plain.length);
  for (const { kind, sender, group } of plain) to.u32(kind).raw(sender).raw(group);
  close(to, requestsAt);
  writeSubjects(to, head.subjects ?? []);
  writeCompact(
    to,
    plain.flatMap(({ mode }, i) => (mode?.getsWhole === false ? [i] : [])),
  );
  if (addresses.length > 0) {
    const addressesAt = open(to, Section.addresses);
    close(writeAddresses(to, addresses), addressesAt);
  }
  if (!resume) return to.finish();
  const resumeAt = open(to, Section.resume);
  writeResumeHead(to, resume, requests);
  return close(to, resumeAt).finish();
}

export function encodeVerdict(tag: bigint, faults: readonly Fault[], version = REPORT_VERSION): Buffer {
  const to = begin(tag, version);
  const at = open(to, Section.verdict);
  to.u16(faults.length);
  for (const { daemon, text } of faults) to.latin1(daemon).latin1(text.slice(0, MAX_FAULT_TEXT));
  return close(to, at).finish();
}

/** Gathers own groups, and resumable sessions, until there are enough for a part. */
export class PartWriter {
  private groups = new ByteWriter('LE');
  private count = 0;
  private readonly sessions = new Map<string, number>();
  /** Numbers of those that get no whole views. */
  private compact: number[] = [];
  private subjects: StatedSubject[] = [];
  private sessionBytes = 0;
  private records = new ByteWriter('LE');
  private recordCount = 0;

  constructor(
    private readonly tag: bigint,
    private readonly version = REPORT_VERSION,
    private readonly traitsOf: (privateGroup: string) => ReportedTraits | null = () => null,
  ) {}

  get isFull(): boolean {
    return this.groups.length + this.sessionBytes + this.records.length >= PART_BYTES;
  }

  /** @param members private groups of the members that are this daemon's, in order */
  add(name: string, id: GroupId, lost: boolean, members: readonly string[]): void {
    const to = this.groups.latin1(name).u32(id[0]).u32(id[1]).u32(id[2]);
    to.u8(lost ? 1 : 0).u32(members.length);
    for (const member of members) to.u32(this.numberOf(member));
    this.count++;
  }

  addRecord(record: ReportedSession): void {
    writeRecord(this.records, record);
    this.recordCount++;
  }

  /** The part, and begins the next. */
  take(last: boolean): Buffer {
    const bytes = this.groups.length + this.sessionBytes + this.records.length;
    const to = begin(this.tag, this.version, bytes);
    if (this.recordCount > 0) this.writeRecords(to);
    const sessionsAt = open(to, Section.sessions);
    to.u32(this.sessions.size);
    for (const session of this.sessions.keys()) to.latin1(ownNameOf(session));
    close(to, sessionsAt);
    const groupsAt = open(to, Section.groups);
    to.u8(last ? 1 : 0)
      .u32(this.count)
      .raw(this.groups.finish());
    close(to, groupsAt);
    writeSubjects(to, this.subjects);
    writeCompact(to, this.compact);
    this.subjects = [];
    this.compact = [];
    this.groups = new ByteWriter('LE');
    this.count = 0;
    this.sessions.clear();
    this.sessionBytes = 0;
    return to.finish();
  }

  private writeRecords(to: ByteWriter): void {
    const at = open(to, Section.records);
    to.u32(this.recordCount).raw(this.records.finish());
    close(to, at);
    this.records = new ByteWriter('LE');
    this.recordCount = 0;
  }

  private numberOf(session: string): number {
    const known = this.sessions.get(session);
    if (known !== undefined) return known;
    const { size } = this.sessions;
    this.sessions.set(session, size);
    this.sessionBytes += 1 + session.length;
    this.describe(session, size);
    return size;
  }

  private describe(session: string, number: number): void {
    const { getsWhole, subject } = this.traitsOf(session) ?? { getsWhole: true, subject: null };
    if (!getsWhole) this.compact.push(number);
    if (subject === null) return;
    this.subjects.push([session, subject]);
    this.sessionBytes += 1 + session.length + Buffer.byteLength(subject);
  }
}

/** What a daemon says of a session beyond its name. */
type ReportedTraits = Pick<LocalSession, 'getsWhole' | 'subject'>;

function writeSubjects(to: ByteWriter, subjects: readonly StatedSubject[]): void {
  if (subjects.length === 0) return;
  const at = open(to, Section.subjects);
  to.u32(subjects.length);
  for (const [session, subject] of subjects) to.latin1(ownNameOf(session)).utf8(subject);
  close(to, at);
}

/** @param numbers of sessions in a part, of requests in a head */
function writeCompact(to: ByteWriter, numbers: readonly number[]): void {
  if (numbers.length === 0) return;
  const at = open(to, Section.compact);
  to.u32(numbers.length);
  for (const number of numbers) to.u32(number);
  close(to, at);
}

const ownNameOf = (session: string): string => session.slice(1, session.indexOf('#', 1));

const begin = (tag: bigint, version: number, bytes = 0): ByteWriter =>
  new ByteWriter('LE', PREFIX_BYTES + bytes + 64).u32(version).u64(tag);

/** A section begins. @returns what `close` is given */
const open = (to: ByteWriter, tag: number): number => to.u16(tag).u32(0).length;

const close = (to: ByteWriter, opened: number): ByteWriter => to.setU32(opened - 4, to.length - opened);
