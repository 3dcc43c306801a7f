/** Reads a report, and checks it as it goes: what another daemon sends is no reason to fall over. */
import type { Buffer } from 'node:buffer';
import { GROUP_ID_BYTES, type GroupId, readGroupId } from '../../lib/wire/group-id.js';
import { NAME_BYTES } from '../../lib/wire/limits.js';
import { fieldLength, isDaemonName, isGroupName, parsePrivateGroup, readName } from '../../lib/wire/name.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import {
  GROUP_BYTES,
  type Report,
  REPORT_VERSION,
  type ReportedGroup,
  type Request,
  REQUEST_BYTES,
  TIME_BYTES,
} from './report.js';

/** A report that says nothing that could be used. */
export class ReportFault extends Error {
  override readonly name = 'ReportFault';
}

/** @throws ReportFault. The fields of the result are parts of the payload. */
export function decodeReport(payload: Buffer): Report {
  const reader = new Reader(payload);
  const version = reader.word();
  if (version !== REPORT_VERSION) throw new ReportFault(`report of version ${version}`);
  const tag = reader.long();
  const past = reader.long();
  const daemon = reader.name();
  if (!isDaemonName(daemon)) throw new ReportFault('report of a daemon without a legal name');
  const report = {
    tag,
    past,
    daemon,
    id: reader.word(),
    time: reader.word() >>> 0,
    times: reader.list(TIME_BYTES, () => [reader.word(), reader.word() >>> 0] as const),
    groups: reader.list(GROUP_BYTES, () => readGroup(reader, daemon)),
    requests: reader.list(REQUEST_BYTES, () => readRequest(reader, daemon)),
  };
  checkOrder(report.groups.map(({ field }) => field));
  reader.end();
  return report;
}

function readGroup(reader: Reader, daemon: string): ReportedGroup {
  const field = reader.field();
  if (!isGroupName(readName(field, 0))) throw new ReportFault('report of a group without a legal name');
  const id = reader.groupId();
  const lost = reader.word() !== 0;
  const members = reader.list(NAME_BYTES, () => readSession(reader, daemon));
  if (members.length === 0) throw new ReportFault('report of a group without members');
  checkOrder(members);
  return { field, id, lost, members };
}

function readRequest(reader: Reader, daemon: string): Request {
  const kind = reader.word();
  const sender = readSession(reader, daemon);
  const group = reader.field();
  if (kind === KILL_MESS) return { kind, sender, group };
  if (kind !== JOIN_MESS && kind !== LEAVE_MESS) throw new ReportFault(`report of a request of kind ${kind}`);
  if (!isGroupName(readName(group, 0))) throw new ReportFault('report of a request for no legal group');
  return { kind, sender, group };
}

/** The name of a session of that daemon; no daemon speaks for another one's. */
function readSession(reader: Reader, daemon: string): Buffer {
  const field = reader.field();
  if (parsePrivateGroup(readName(field, 0))?.daemon !== daemon) {
    throw new ReportFault(`report of ${daemon} with a session that is not its own`);
  }
  return field;
}

function checkOrder(fields: readonly Buffer[]): void {
  let last: Buffer | null = null;
  for (const field of fields) {
    if (last && last.compare(field) >= 0) throw new ReportFault('report with names out of order');
    last = field;
  }
}

/** Walks over the bytes and does not step beyond their end. */
class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  word(): number {
    return this.bytes.readInt32LE(this.step(4));
  }

  long(): bigint {
    return this.bytes.readBigUInt64LE(this.step(8));
  }

  groupId(): GroupId {
    return readGroupId(this.bytes, this.step(GROUP_ID_BYTES), true);
  }

  /** A name field whose padding is zero, so that fields of one name are equal. */
  field(): Buffer {
    const at = this.step(NAME_BYTES);
    const field = this.bytes.subarray(at, at + NAME_BYTES);
    const length = fieldLength(field, 0);
    if (length < 0 || field.subarray(length).some((byte) => byte !== 0)) {
      throw new ReportFault('report with a name that has no end');
    }
    return field;
  }

  name(): string {
    return readName(this.field(), 0);
  }

  /** A count and that many items. @param size the fewest bytes that one item takes */
  list<T>(size: number, read: () => T): T[] {
    const count = this.word() >>> 0;
    if (count > (this.bytes.length - this.at) / size)
      throw new ReportFault(`report with a count of ${count}`);
    return Array.from({ length: count }, read);
  }

  end(): void {
    if (this.at !== this.bytes.length) {
      throw new ReportFault(`report with ${this.bytes.length - this.at} bytes too many`);
    }
  }

  private step(length: number): number {
    const { at } = this;
    if (at + length > this.bytes.length)
      throw new ReportFault(`report that ends after ${this.bytes.length} bytes`);
    this.at += length;
    return at;
  }
}
