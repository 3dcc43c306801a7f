/**
 * Reject frames: a request that the daemon refused goes back to its sender [session 4.9]. Between header and
 * names stands the original type word, which no length field counts.
 */
import { Buffer } from '#buffer';
import { readMarked, writeMarked } from './byte-order.js';
import {
  DATA_LENGTH_AT,
  HINT_AT,
  messTypeOf,
  NAME_AT,
  NUM_GROUPS_AT,
  TYPE_AT,
  writeHeaderWords,
} from './header.js';
import { HEADER_BYTES, MAX_GROUPS, NAME_BYTES, REJECT_WORD_BYTES } from './limits.js';
import {
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  JOIN_MESS,
  LEAVE_MESS,
  REJECT_MESS,
  SELF_DISCARD,
} from './service.js';

/**
 * Why a join was refused. It is the message type of the reject frame: a join has none of its own, and other libraries
 * do not look at it. Whatever has no number here is a policy, as in the frames of other daemons.
 */
export const REJECTED_BY_LIMIT = 1;
/** The group has as many members as the daemon allows, or as fit into the list that this client would get. */
export const REJECTED_BY_SIZE = 2;

/** What a client reports as the service of a reject frame: the original word, JOIN and LEAVE as causes, and REJECT. */
export function rejectedService(service: number): number {
  if ((service & JOIN_MESS) !== 0) return (service & ~JOIN_MESS) | CAUSED_BY_JOIN | REJECT_MESS;
  if ((service & LEAVE_MESS) !== 0) return (service & ~LEAVE_MESS) | CAUSED_BY_LEAVE | REJECT_MESS;
  return service | REJECT_MESS;
}

/**
 * The frame that answers a refused request.
 * @param bytes holds the whole request, in the daemon's byte order, at [start, end)
 * @param reason of a join: `REJECTED_BY_LIMIT`; without one a policy refused it
 */
export function encodeReject(bytes: Buffer, start: number, end: number, reason?: number): Buffer {
  const service = readMarked(bytes, start + TYPE_AT);
  const groups = bytes.readInt32LE(start + NUM_GROUPS_AT);
  const dataLength = bytes.readInt32LE(start + DATA_LENGTH_AT);
  const sender = bytes.subarray(start + NAME_AT, start + NAME_AT + NAME_BYTES);
  const kept = Math.min(groups, MAX_GROUPS - 1);
  const namesAt = HEADER_BYTES + REJECT_WORD_BYTES;
  const dataAt = namesAt + (kept + 1) * NAME_BYTES;

  const frame = Buffer.allocUnsafe(dataAt + dataLength);
  const messType = reason ?? messTypeOf(readMarked(bytes, start + HINT_AT));
  frame.set(sender, NAME_AT);
  writeHeaderWords(frame, 0, REJECT_MESS | (service & SELF_DISCARD), kept + 1, messType, dataLength);
  if (reason === undefined) frame.set(bytes.subarray(start + HINT_AT, start + HINT_AT + 4), HINT_AT);
  writeMarked(frame, HEADER_BYTES, rejectedService(service) & ~REJECT_MESS, true);
  const names = start + HEADER_BYTES;
  frame.set(bytes.subarray(names, names + kept * NAME_BYTES), namesAt);
  frame.set(sender, dataAt - NAME_BYTES);
  frame.set(bytes.subarray(end - dataLength, end), dataAt);
  return frame;
}
