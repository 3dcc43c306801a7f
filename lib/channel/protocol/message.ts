/** What clients and servers send each other [channels 17.1]: 38 bytes, all numbers big-endian, then the body. */
import { Buffer } from 'node:buffer';
import { CLAIM_BYTES, type ClaimId } from '../registry/entry.js';

export const MESSAGE_VERSION = 1;
export const MESSAGE_HEADER = 38;
/** Where the deadline stands. */
export const DEADLINE_AT = 34;
/** No limit for the reply's body. */
export const ANY_LENGTH = 0xffff_ffff;

/**
 * By their numbers on the wire, from 1. `part`: a piece of the body of the message that follows; `query`: see there;
 * `received`: the server's application has taken the request of that id.
 */
const KINDS = [
  'request',
  'queued',
  'cancel',
  'credit',
  'ping',
  'reply',
  'refusal',
  'pong',
  'part',
  'query',
  'answer',
  'received',
] as const;
export type MessageKind = (typeof KINDS)[number];

export interface Message {
  readonly kind: MessageKind;
  readonly claim: ClaimId;
  /** Correlation id: rises with every message of a client that wants an answer, and is never used again. */
  readonly id: number;
  /** Type of a request, status of a reply, errno of a refusal, which credit, depth of a ping. Signed. */
  readonly word: number;
  /** Request: longest reply body wanted. Reply: full length of the body. Queued: 1 when an answer is wanted. */
  readonly limit: number;
  /** Request: milliseconds left when it was sent, 0 for none; see there. */
  readonly deadline: number;
  readonly body: Buffer;
}

const EMPTY = Buffer.alloc(0);

export function encodeMessage(
  kind: MessageKind,
  claim: ClaimId,
  id: number,
  {
    word = 0,
    limit = 0,
    deadline = 0,
    body = EMPTY,
  }: Partial<Omit<Message, 'body'>> & { body?: Uint8Array } = {},
): Buffer {
  const bytes = Buffer.allocUnsafe(MESSAGE_HEADER + body.length);
  bytes[0] = 1 + KINDS.indexOf(kind);
  bytes[1] = MESSAGE_VERSION;
  bytes.write(claim, 2, CLAIM_BYTES, 'latin1');
  bytes.writeBigUInt64BE(BigInt(id), 18);
  bytes.writeInt32BE(word, 26);
  bytes.writeUInt32BE(limit, 30);
  bytes.writeUInt32BE(deadline, DEADLINE_AT);
  bytes.set(body, MESSAGE_HEADER);
  return bytes;
}

/** The message, or null when the bytes are none: too short, another version, no such kind, an id beyond all use. */
export function decodeMessage(bytes: Buffer): Message | null {
  if (bytes.length < MESSAGE_HEADER || bytes[1] !== MESSAGE_VERSION) return null;
  const kind = KINDS[(bytes[0] as number) - 1];
  const id = Number(bytes.readBigUInt64BE(18));
  if (kind === undefined || !Number.isSafeInteger(id)) return null;
  return {
    kind,
    claim: bytes.toString('latin1', 2, 2 + CLAIM_BYTES),
    id,
    word: bytes.readInt32BE(26),
    limit: bytes.readUInt32BE(30),
    deadline: bytes.readUInt32BE(DEADLINE_AT),
    body: bytes.subarray(MESSAGE_HEADER),
  };
}

// The deadline of a request [channels 17.1]: the milliseconds that are left when it is sent, in an unsigned
// word; 0 for none. What is left is counted from the arrival: clocks of two machines never meet.

/** Stands for itself and all above, and so for no limit that could be kept. */
const LONGEST = 0xffff_ffff;

/** Rounded up: a server never gives a request up before its client does. */
export const deadlineWord = (ms: number): number => Math.min(Math.max(1, Math.ceil(ms)), LONGEST);

/** Milliseconds, or null when there is no limit. */
export const timeLeft = (word: number): number | null => (word === 0 || word === LONGEST ? null : word);

/** Writes into an encoded request what is left now. */
export const stampDeadline = (request: Buffer, ms: number): void =>
  void request.writeUInt32BE(deadlineWord(ms), DEADLINE_AT);
