/** Reads the payloads of an exchange, and checks them as it goes: what another daemon sends is no reason to fall over. */
import type { Buffer } from 'node:buffer';
import { ByteReader, Malformed } from '../../lib/util/bytes.js';
import { GROUP_ID_BYTES } from '../../lib/wire/group-id.js';
import { readAddresses } from '../../lib/wire/extension/addresses.js';
import { isSubject } from '../../lib/wire/extension/member.js';
import { NAME_BYTES } from '../../lib/wire/limits.js';
import {
  fieldLength,
  isGroupName,
  isPrivateName,
  parsePrivateGroup,
  privateGroup,
  readName,
} from '../../lib/wire/name.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import {
  type Fault,
  type Head,
  PREFIX_BYTES,
  REPORT_VERSION,
  type ReportedGroup,
  REQUEST_BYTES,
  Section,
  SECTION_HEAD_BYTES,
  type StatedSubject,
  TIME_BYTES,
} from './report.js';
import type { JoinMode, Request } from './request.js';
import { readRecords, readResumeHead } from './resume-report.js';
import type { ReportedSession } from './session-records.js';

export interface ReportPart {
  readonly last: boolean;
  /** Empty when nobody wanted to know them. */
  readonly groups: readonly ReportedGroup[];
  /** What is stated of its sessions; missing when nothing is. */
  readonly subjects?: readonly StatedSubject[];
  /** Private groups of the sessions that get no whole views. */
  readonly compact?: readonly string[];
  /** Resumable sessions; missing when there are none. */
  readonly records?: readonly ReportedSession[];
}

export type Payload =
  | { readonly kind: 'head'; readonly head: Head }
  | { readonly kind: 'part'; readonly part: ReportPart }
  | { readonly kind: 'verdict'; readonly faults: readonly Fault[] };

/** A group of one member. */
const GROUP_BYTES = 1 + 1 + GROUP_ID_BYTES + 1 + 4;
const COMPACT: JoinMode = { onDemand: false, getsWhole: false };
const FAULT_BYTES = 2;
const SUBJECT_BYTES = 2;

/** The view that a payload belongs to; null when it is too short or of another version to say so. */
export function tagOf(payload: Buffer, version = REPORT_VERSION): bigint | null {
  if (payload.length < PREFIX_BYTES || payload.readInt32LE(0) !== version) return null;
  return payload.readBigUInt64LE(4);
}

/**
 * @param daemon name of the daemon that sent it
 * @param wantsGroups whether the groups of a part are of interest; without it they are skipped
 * @throws Malformed. Fields of the result are parts of the payload
 */
export function decodePayload(
  payload: Buffer,
  daemon: string,
  wantsGroups = true,
  version = REPORT_VERSION,
): Payload {
  const reader = new ByteReader(payload, 'LE');
  const theirs = reader.u32();
  if (theirs !== version) throw new Malformed(`report version ${theirs}, expected ${version}`);
  reader.u64();
  const sections = sectionsOf(reader);
  const head = sections.get(Section.head);
  if (head) return { kind: 'head', head: readHead(head, sections, daemon) };
  const groups = sections.get(Section.groups);
  if (groups) return { kind: 'part', part: readPart(groups, sections, daemon, wantsGroups) };
  const verdict = sections.get(Section.verdict);
  if (verdict) return { kind: 'verdict', faults: readVerdict(verdict) };
  throw new Malformed('expected a section head, groups or verdict');
}

type Sections = ReadonlyMap<number, ByteReader>;

function sectionsOf(reader: ByteReader): Sections {
  const sections = new Map<number, ByteReader>();
  while (reader.left > 0) {
    if (reader.left < SECTION_HEAD_BYTES) throw new Malformed(`${reader.left} bytes after the last section`);
    const tag = reader.u16();
    if (sections.has(tag)) throw new Malformed(`duplicate section ${tag}`);
    sections.set(tag, reader.part(reader.u32()));
  }
  return sections;
}

function needed(sections: Sections, tag: number): ByteReader {
  const section = sections.get(tag);
  if (!section) throw new Malformed(`section ${tag} is missing`);
  return section;
}

function list<T>(reader: ByteReader, size: number, read: () => T): T[] {
  const items = Array.from({ length: reader.count(size) }, read);
  reader.end();
  return items;
}

function readHead(reader: ByteReader, sections: Sections, daemon: string): Head {
  const times = needed(sections, Section.times);
  const requests = needed(sections, Section.requests);
  const head = {
    past: reader.u64(),
    id: reader.i32(),
    time: reader.u32(),
    features: reader.u32(),
    groups: reader.u32(),
    times: list(times, TIME_BYTES, () => [times.i32(), times.u32()] as const),
    requests: list(requests, REQUEST_BYTES, () => readRequest(requests, daemon)),
    ...readSubjects(sections, daemon),
    ...readToldAddresses(sections),
  };
  reader.end();
  markCompact(sections, head.requests);
  const resume = sections.get(Section.resume);
  return resume ? { ...head, ...readResumeHead(resume, head.requests, daemon) } : head;
}

function readToldAddresses(sections: Sections): { addresses?: readonly string[] } {
  const section = sections.get(Section.addresses);
  if (!section) return {};
  const addresses = readAddresses(section);
  section.end();
  return { addresses };
}

/** The joins of sessions that get no whole views. */
function markCompact(sections: Sections, requests: Request[]): void {
  const section = sections.get(Section.compact);
  if (!section) return;
  for (let rest = section.count(4); rest > 0; rest--) {
    const i = section.u32();
    const request = requests[i];
    if (!request) throw new Malformed(`the form of request ${i} of ${requests.length}`);
    requests[i] = { ...request, mode: COMPACT };
  }
  section.end();
}

function readRequest(reader: ByteReader, daemon: string): Request {
  const kind = reader.i32();
  const sender = readField(reader);
  const group = readField(reader);
  if (parsePrivateGroup(readName(sender, 0))?.daemon !== daemon) {
    throw new Malformed('a request of a session that is not its own');
  }
  if (kind === KILL_MESS) return { kind, sender, group };
  if (kind !== JOIN_MESS && kind !== LEAVE_MESS) throw new Malformed(`a request of kind ${kind}`);
  if (!isGroupName(readName(group, 0))) throw new Malformed('a request for a group without a legal name');
  return { kind, sender, group };
}

/** A name field whose padding is zero, so that fields of one name are equal. */
function readField(reader: ByteReader): Buffer {
  const field = reader.raw(NAME_BYTES);
  const length = fieldLength(field, 0);
  if (length < 0 || field.subarray(length).some((byte) => byte !== 0)) {
    throw new Malformed('a name field without an end');
  }
  return field;
}

function readPart(reader: ByteReader, sections: Sections, daemon: string, wantsGroups: boolean): ReportPart {
  const last = reader.u8() !== 0;
  if (!wantsGroups) return { last, groups: [] };
  const from = needed(sections, Section.sessions);
  const sessions = list(from, 1, () => {
    const name = from.latin1();
    if (!isPrivateName(name)) throw new Malformed('a session without a legal name');
    return privateGroup(name, daemon);
  });
  return {
    last,
    groups: list(reader, GROUP_BYTES, () => readGroup(reader, sessions)),
    ...readSubjects(sections, daemon),
    ...readCompact(sections, sessions),
    ...readToldRecords(sections),
  };
}

function readToldRecords(sections: Sections): { records?: readonly ReportedSession[] } {
  const section = sections.get(Section.records);
  return section ? { records: readRecords(section) } : {};
}

function readSubjects(sections: Sections, daemon: string): { subjects?: readonly StatedSubject[] } {
  const section = sections.get(Section.subjects);
  if (!section) return {};
  const subjects = list(section, SUBJECT_BYTES, () => {
    const name = section.latin1();
    if (!isPrivateName(name)) throw new Malformed('a subject of a session without a legal name');
    const subject = section.utf8();
    if (!isSubject(subject)) throw new Malformed('a subject that is empty or too long');
    return [privateGroup(name, daemon), subject] as const;
  });
  return { subjects };
}

function readCompact(sections: Sections, sessions: readonly string[]): { compact?: readonly string[] } {
  const section = sections.get(Section.compact);
  if (!section) return {};
  const compact = list(section, 4, () => {
    const session = sessions[section.u32()];
    if (session === undefined) throw new Malformed('a compact session that is not in the list of sessions');
    return session;
  });
  return { compact };
}

function readGroup(reader: ByteReader, sessions: readonly string[]): ReportedGroup {
  const name = reader.latin1();
  if (!isGroupName(name)) throw new Malformed('a group without a legal name');
  const id = [reader.i32(), reader.i32(), reader.i32()] as const;
  const lost = reader.u8() !== 0;
  const count = reader.count(4);
  if (count === 0) throw new Malformed('a group without members');
  const members: string[] = [];
  let before = '';
  for (let i = 0; i < count; i++) {
    const member = sessions[reader.u32()];
    if (member === undefined) throw new Malformed('a member that is not in the list of sessions');
    if (member <= before) throw new Malformed('members out of order');
    members.push(member);
    before = member;
  }
  return { name, id, lost, members };
}

function readVerdict(reader: ByteReader): Fault[] {
  const count = reader.u16();
  if (count > reader.left / FAULT_BYTES) throw new Malformed(`a verdict on ${count} daemons`);
  const faults = Array.from({ length: count }, () => ({ daemon: reader.latin1(), text: reader.latin1() }));
  reader.end();
  return faults;
}
