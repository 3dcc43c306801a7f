/**
 * The messages among the view machines [corosync 5.2], little-endian. The prefix and the head of STATE stay
 * as they are in every version, so that daemons of different versions can refuse each other by name.
 *
 * Prefix: magic (4) | version of these messages (1) | version of the reports (1) | type (1) | flags (1).
 */
import { Buffer } from 'node:buffer';

/** Raised with every change of these messages that older daemons cannot read. */
const VIEWS_VERSION = 2;
const REPORT_VERSION_SHIFT = 8;
const MAGIC = 0x56505353; // "SSPV"
export const PREFIX_BYTES = 8;

export const Type = { data: 1, ack: 2, state: 3, install: 4, reset: 5 } as const;

export const FLAG_SAFE = 1;
export const FLAG_EXCHANGE = 2;
/** Another fragment of the same payload follows. */
export const FLAG_MORE = 4;
/** In DATA and ACK: a client of the sender is behind in its reading. Older daemons do not look at it. */
export const FLAG_BEHIND = 16;
/** In STATE: the sender has had a view. */
export const FLAG_HAD_VIEW = 8;
/** In STATE: the sender was excluded for its report, and is in no view with others for a while. */
export const FLAG_APART = 32;

const TAG_AT = PREFIX_BYTES;
const NUMBER_AT = TAG_AT + 8;
const ACK_AT = NUMBER_AT + 6;
/** An ACK is the head of a DATA without the rest. */
export const DATA_HEAD_BYTES = ACK_AT + 6;

/** Both versions as they stand in the prefix; daemons in one view have the same. */
export const versionOf = (reportVersion: number): number =>
  VIEWS_VERSION | (reportVersion << REPORT_VERSION_SHIFT);

/** For people: `2.2`; `1` for daemons that did not tell the second one. */
export function versionText(version: number): string {
  const reports = version >>> REPORT_VERSION_SHIFT;
  const messages = version & 0xff;
  return reports === 0 ? `${messages}` : `${messages}.${reports}`;
}

/** What a message is by its first bytes; null when it is none of ours, of whatever version. */
export function readPrefix(bytes: Buffer): { version: number; type: number; flags: number } | null {
  if (bytes.length < PREFIX_BYTES || bytes.readUInt32LE(0) !== MAGIC) return null;
  return { version: bytes.readUInt16LE(4), type: bytes[6] as number, flags: bytes[7] as number };
}

export function writePrefix(bytes: Buffer, version: number, type: number, flags: number): void {
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt16LE(version, 4);
  bytes[6] = type;
  bytes[7] = flags;
}

/** Tag of the view that a DATA, ACK or RESET belongs to. */
export const readTag = (bytes: Buffer): bigint => bytes.readBigUInt64LE(TAG_AT);

/** Number of a DATA among its sender's in the view, from 1; in an ACK that of the sender's last. */
export const readNumber = (bytes: Buffer): number => bytes.readUIntLE(NUMBER_AT, 6);

/** DATA messages of the view that the sender had delivered. */
export const readAck = (bytes: Buffer): number => bytes.readUIntLE(ACK_AT, 6);

export interface ViewHead {
  readonly version: number;
  readonly type: typeof Type.data | typeof Type.ack;
  readonly flags: number;
  readonly tag: bigint;
  readonly number: number;
  readonly ack: number;
}

/** Writes the head of a DATA, which the fragment follows, or an ACK into `head`, which has DATA_HEAD_BYTES. */
export function writeViewHead(head: Buffer, { version, type, flags, tag, number, ack }: ViewHead): void {
  writePrefix(head, version, type, flags);
  head.writeBigUInt64LE(tag, TAG_AT);
  head.writeUIntLE(number, NUMBER_AT, 6);
  head.writeUIntLE(ack, ACK_AT, 6);
}

/** Whether there are as many bytes as the type has at least; what is shorter is none of ours. */
export function isComplete(bytes: Buffer, type: number): boolean {
  if (type === Type.data) return bytes.length >= DATA_HEAD_BYTES;
  if (type === Type.ack) return bytes.length === DATA_HEAD_BYTES;
  return type === Type.state || type === Type.install || type === Type.reset;
}

/** Puts the fragments of long payloads together, for each sender of one view. */
export class FragmentAssembler {
  private readonly parts: Buffer[][];

  constructor(members: number) {
    this.parts = Array.from({ length: members }, () => []);
  }

  /** The next fragment of this sender. @returns the whole payload with its last fragment, else null */
  add(sender: number, fragment: Buffer, more: boolean): Buffer | null {
    const parts = this.parts[sender] as Buffer[];
    if (!more && parts.length === 0) return fragment;
    parts.push(fragment);
    if (more) return null;
    this.parts[sender] = [];
    return Buffer.concat(parts);
  }
}
