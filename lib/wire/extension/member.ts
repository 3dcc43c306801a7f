/** What a daemon says of a member that comes: shared by VIEWS and NETWORK, and the subjects of all three kinds of lists. */
import { Buffer } from '#buffer';
import { type ByteReader, type ByteWriter, Malformed } from '../../util/bytes.js';
import { readGroupName } from './frame.js';

const RETURNED = 1;
const SUBJECT = 2;

/** Longest subject, in bytes of UTF-8. */
export const MAX_SUBJECT_BYTES = 128;

/** A member as a record tells it. */
export interface MemberRecord {
  /** Its private group. */
  readonly name: string;
  /** The private group that it had before, when it has returned; else null. */
  readonly returned: string | null;
  /** Whom the daemon states it to be; null when it states nothing. */
  readonly subject: string | null;
}

/** Bits that say what follows the name. */
export const memberFlags = ({ returned, subject }: MemberRecord): number =>
  (returned === null ? 0 : RETURNED) | (subject === null ? 0 : SUBJECT);

/** What follows the name and the flags. */
export function writeMemberExtras(writer: ByteWriter, { returned, subject }: MemberRecord): void {
  if (returned !== null) writer.latin1(returned);
  if (subject !== null) writer.utf8(subject);
}

/** The member whose name and flags have been read. @throws Malformed */
export const readMemberExtras = (reader: ByteReader, name: string, flags: number): MemberRecord => ({
  name,
  returned: (flags & RETURNED) === 0 ? null : readGroupName(reader),
  subject: (flags & SUBJECT) === 0 ? null : readSubject(reader, 1),
});

/** @param min 0 where an empty text stands for none @throws Malformed */
export function readSubject(reader: ByteReader, min: number): string {
  const bytes = reader.raw(reader.u8());
  if (bytes.length < min || bytes.length > MAX_SUBJECT_BYTES) {
    throw new Malformed(`expected a subject of ${min} to ${MAX_SUBJECT_BYTES} bytes, got ${bytes.length}`);
  }
  return bytes.toString();
}

/** Whether a subject can be stated. */
export const isSubject = (subject: string): boolean =>
  subject !== '' && Buffer.byteLength(subject) <= MAX_SUBJECT_BYTES;
