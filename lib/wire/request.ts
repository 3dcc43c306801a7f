/**
 * Frames from client to daemon: writing them, and the daemon's checks [session 4.5, 4.6]. The checks run
 * when the 48 header bytes are there and before anything is allocated for names and data.
 */
import { Buffer } from '#buffer';
import { isLittle, isMarkerWhole, readInt, readMarked } from './byte-order.js';
import { FrameFault } from './fault.js';
import {
  DATA_LENGTH_AT,
  HINT_AT,
  HINT_UNUSED,
  NAME_AT,
  NUM_GROUPS_AT,
  TYPE_AT,
  writeHeader,
} from './header.js';
import {
  HEADER_BYTES,
  MAX_NAME_LENGTH,
  MAX_GROUPS,
  MAX_MESSAGE_BYTES,
  MAX_REQUEST_BYTES,
  NAME_BYTES,
} from './limits.js';
import { fieldLength, writeName } from './name.js';
import { FORBIDDEN_REQUEST_BITS, JOIN_MESS, LEAVE_MESS, REQUEST_KIND } from './service.js';

/**
 * Checks a request's header.
 * @param own the session's private group as a 32-byte field, `ownLength` bytes of it used
 * @returns the whole length of the frame in bytes
 * @throws FrameFault with the first check that failed, in the order of the document
 */
export function checkRequest(bytes: Buffer, at: number, own: Buffer, ownLength: number): number {
  const little = isLittle(bytes, at + TYPE_AT);
  if (!isMarkerWhole(bytes, at + TYPE_AT)) {
    throw new FrameFault('marker', 'half a byte-order marker in the type word');
  }
  const service = readMarked(bytes, at + TYPE_AT);
  const kind = service & REQUEST_KIND;
  if (kind === 0 || (kind & (kind - 1)) !== 0) {
    throw new FrameFault('kind', `type 0x${hex(service)} is not exactly one service or request`);
  }
  if ((service & FORBIDDEN_REQUEST_BITS) !== 0) {
    throw new FrameFault('forbidden-bits', `type 0x${hex(service)} has bits that only daemons set`);
  }
  if (!isOwnName(bytes, at + NAME_AT, own, ownLength)) {
    throw new FrameFault('sender', `sender is not ${own.toString('latin1', 0, ownLength)}`);
  }
  const groups = readInt(bytes, at + NUM_GROUPS_AT, little);
  if (groups < 0 || groups > MAX_GROUPS) throw new FrameFault('groups-count', `${groups} groups`);
  if ((readMarked(bytes, at + HINT_AT) & HINT_UNUSED) !== 0) {
    throw new FrameFault('hint', 'bits beside marker and message type in the hint word');
  }
  const data = readInt(bytes, at + DATA_LENGTH_AT, little);
  if (data < 0 || data > MAX_MESSAGE_BYTES) throw new FrameFault('data-length', `${data} bytes of data`);
  const size = data + NAME_BYTES * groups;
  if (size > MAX_REQUEST_BYTES) {
    throw new FrameFault('size', `${size} bytes of names and data, limit ${MAX_REQUEST_BYTES}`);
  }
  if (groups === 0 && (kind === JOIN_MESS || kind === LEAVE_MESS)) {
    throw new FrameFault('groups-count', 'join or leave without a group');
  }
  return HEADER_BYTES + size;
}

/**
 * The group a whole join or leave frame names: the position of its field's first byte and its length are checked.
 * @throws FrameFault when the 32-byte field holds no NUL
 */
export function checkGroupField(bytes: Buffer, start: number): number {
  const length = fieldLength(bytes, start + HEADER_BYTES);
  if (length < 0) throw new FrameFault('group-field', 'group name without an ending NUL');
  return length;
}

/** The last byte of the field counts as NUL whatever it holds: a daemon forces it [session 4.7]. */
function isOwnName(bytes: Uint8Array, at: number, own: Uint8Array, ownLength: number): boolean {
  for (let i = 0; i < ownLength; i++) if (bytes[at + i] !== own[i]) return false;
  return ownLength === MAX_NAME_LENGTH || bytes[at + ownLength] === 0;
}

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

/** A request with names and no data: join, leave, disconnect. */
export function encodeRequest(service: number, sender: string, groups: readonly string[]): Buffer {
  return encodeMessage(service, sender, groups, 0, []);
}

/**
 * One frame of a multicast. Nothing on the wire shows how many pieces the data came in [session 4.5].
 * @param messType signed 16-bit number
 */
export function encodeMessage(
  service: number,
  sender: string,
  groups: readonly string[],
  messType: number,
  pieces: readonly Uint8Array[],
): Buffer {
  let dataLength = 0;
  for (const piece of pieces) dataLength += piece.length;
  const frame = Buffer.allocUnsafe(HEADER_BYTES + NAME_BYTES * groups.length + dataLength);
  writeHeader(frame, 0, { service, name: sender, numGroups: groups.length, messType, dataLength });
  let at = HEADER_BYTES;
  for (const group of groups) {
    writeName(frame, at, group);
    at += NAME_BYTES;
  }
  for (const piece of pieces) {
    frame.set(piece, at);
    at += piece.length;
  }
  return frame;
}
