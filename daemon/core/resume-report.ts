/**
 * What the reports of an exchange say of resumable sessions, in sections of their own: daemons that do not know them skip
 * them. Little-endian.
 *
 * - `resume`, in a head: since when the daemon knows all sessions, seconds since 1970 (4); how many it knows (4); whether
 *   its keys are a proposal (1), count of keys (1), each id (4) and 32 bytes; sessions of the requests that were put off,
 *   count (4), each the number of the request (4) and the id (8); sessions that return, count (4), each the number of
 *   requests before it (4), length (4) and its frame RETURN
 * - `records`, in a part: count (4), each id (8), last (6), attempt (4), home, name, count (1) of aliases, each a name
 */
import { Buffer } from 'node:buffer';
import { type ByteReader, type ByteWriter, Malformed } from '../../lib/util/bytes.js';
import { encodeReturn, readReturn } from '../../lib/wire/extension/daemon-frames.js';
import { FrameFault } from '../../lib/wire/fault.js';
import { NAME_BYTES } from '../../lib/wire/limits.js';
import { nameField, parsePrivateGroup } from '../../lib/wire/name.js';
import { DAEMON_MESS } from '../../lib/wire/service.js';
import type { Request } from './request.js';
import { RESUME_KEY_BYTES, type ResumeKeys } from './resume-keys.js';
import type { ReportedSession } from './session-records.js';

/** What a daemon says of resumable sessions in its head. */
export interface ResumeHead {
  /** Seconds since 1970: what was ordered in a session before that, it may not know. */
  readonly since: number;
  /** Sessions that it knows. */
  readonly records: number;
  readonly keys: ResumeKeys['reported'];
}

const NO_GROUP = Buffer.alloc(NAME_BYTES);
const SID_ENTRY_BYTES = 12;
const RETURN_ENTRY_BYTES = 8;
const RECORD_BYTES = 8 + 6 + 4 + 1 + 1 + 1;

export function writeResumeHead(to: ByteWriter, head: ResumeHead, requests: readonly Request[]): void {
  const { since, records, keys } = head;
  to.u32(since).u32(records);
  to.u8(keys.isProposal ? 1 : 0).u8(keys.keys.length);
  for (const { id, key } of keys.keys) to.u32(id).raw(key);
  writeRequests(to, requests);
}

/** What the section of the requests has no room for. */
function writeRequests(to: ByteWriter, requests: readonly Request[]): void {
  const plain = requests.filter(({ kind }) => kind !== DAEMON_MESS);
  const sids = plain.flatMap(({ sid }, i) => (sid === undefined ? [] : [{ i, sid }]));
  to.u32(sids.length);
  for (const { i, sid } of sids) to.u32(i).u64(sid);
  let before = 0;
  const returns = requests.flatMap(({ told }) => {
    if (told === undefined) before++;
    return told === undefined ? [] : [{ before, frame: encodeReturn(told) }];
  });
  to.u32(returns.length);
  for (const { before: place, frame } of returns) to.u32(place).u32(frame.length).raw(frame);
}

/**
 * @param plain the joins, leaves and disconnects of the head
 * @returns them with the sessions that return, in their order
 * @throws Malformed
 */
export function readResumeHead(
  from: ByteReader,
  plain: readonly Request[],
  daemon: string,
): { resume: ResumeHead; requests: readonly Request[] } {
  const [since, records] = [from.u32(), from.u32()];
  const isProposal = from.u8() !== 0;
  const keys = Array.from({ length: from.u8() }, () => ({
    id: from.u32(),
    key: Buffer.from(from.raw(RESUME_KEY_BYTES)),
  }));
  const requests = readRequests(from, plain, daemon);
  from.end();
  return { resume: { since, records, keys: { keys, isProposal } }, requests };
}

function readRequests(from: ByteReader, plain: readonly Request[], daemon: string): Request[] {
  const requests = [...plain];
  for (let rest = from.count(SID_ENTRY_BYTES); rest > 0; rest--) {
    const i = from.u32();
    const request = requests[i];
    if (!request) throw new Malformed(`the session of request ${i} of ${plain.length}`);
    requests[i] = { ...request, sid: from.u64() };
  }
  const count = from.count(RETURN_ENTRY_BYTES);
  let last = 0;
  for (let i = 0; i < count; i++) {
    const before = from.u32();
    if (before < last || before > plain.length) throw new Malformed('sessions that return, out of order');
    last = before;
    requests.splice(before + i, 0, readReturning(from.raw(from.u32()), daemon));
  }
  return requests;
}

function readReturning(frame: Buffer, daemon: string): Request {
  try {
    const told = readReturn(frame, 0, frame.length);
    if (parsePrivateGroup(told.name)?.daemon !== daemon) {
      throw new Malformed('the return of a session that is not its own');
    }
    return { kind: DAEMON_MESS, sender: nameField(told.name), group: NO_GROUP, told };
  } catch (error) {
    if (error instanceof FrameFault) throw new Malformed(error.message);
    throw error;
  }
}

export function writeRecord(to: ByteWriter, record: ReportedSession): void {
  to.u64(record.sid).u48(record.last).u32(record.attempt);
  to.latin1(record.home).latin1(record.name).u8(record.aliases.length);
  for (const alias of record.aliases) to.latin1(alias);
}

/** @throws Malformed */
export function readRecords(from: ByteReader): ReportedSession[] {
  const records = Array.from({ length: from.count(RECORD_BYTES) }, () => ({
    sid: from.u64(),
    last: from.u48(),
    attempt: from.u32(),
    home: from.latin1(),
    name: readPrivateGroup(from),
    aliases: Array.from({ length: from.u8() }, () => readPrivateGroup(from)),
  }));
  from.end();
  return records;
}

function readPrivateGroup(from: ByteReader): string {
  const name = from.latin1();
  if (name !== '' && parsePrivateGroup(name) === null) throw new Malformed('a session without a legal name');
  return name;
}
