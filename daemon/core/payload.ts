/** Frames as they stand in payloads of the order, and as sessions submit them. */
import type { Buffer } from 'node:buffer';
import { DATA_LENGTH_AT, NAME_AT, NUM_GROUPS_AT } from '../../lib/wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { parsePrivateGroup, readName, readNames } from '../../lib/wire/name.js';
import { checkGroupField } from '../../lib/wire/request.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import type { Authorize } from './group.js';

/** Whether a frame that was submitted is a join or leave. */
export const isChange = (bytes: Buffer, start: number): boolean =>
  (bytes.readInt32LE(start) & (JOIN_MESS | LEAVE_MESS)) !== 0;

/** Name of the daemon whose sessions sent the frames of the payload. */
export function senderOf(payload: Buffer): string {
  if (payload.length < HEADER_BYTES) return '';
  return parsePrivateGroup(readName(payload, NAME_AT))?.daemon ?? '';
}

/** Where the frame ends that begins at `start`; -1 when that is not inside the payload. */
export function endOfFrame(payload: Buffer, start: number): number {
  if (start + HEADER_BYTES > payload.length) return -1;
  const groups = payload.readInt32LE(start + NUM_GROUPS_AT);
  const data = payload.readInt32LE(start + DATA_LENGTH_AT);
  const end = start + HEADER_BYTES + groups * NAME_BYTES + data;
  return groups < 0 || data < 0 || end > payload.length ? -1 : end;
}

/**
 * Leaving and disconnecting are always allowed; a join counts by its first name, a message by all of its names.
 * @throws FrameFault when a join names no group
 */
export function mayDo(permit: Authorize, service: number, bytes: Buffer, start: number): boolean {
  if ((service & (LEAVE_MESS | KILL_MESS)) !== 0) return true;
  const at = start + HEADER_BYTES;
  if ((service & JOIN_MESS) !== 0) {
    checkGroupField(bytes, start);
    return permit('join', readName(bytes, at));
  }
  const names = readNames(bytes, at, bytes.readInt32LE(start + NUM_GROUPS_AT));
  return names.every((name) => permit('send', name));
}
