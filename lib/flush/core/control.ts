/**
 * The bytes that the layer adds to ordinary data [flush-layer 5]. Numbers are in the byte order of the sender, which
 * the frame tells. What is appended is taken from the end: the group of a subgroup cast, then the view, then the type.
 */
import { Buffer } from '#buffer';
import { GROUP_ID_BYTES, type GroupId, readGroupId, writeGroupId } from '../../wire/group-id.js';
import { fieldLength, nameField, readName } from '../../wire/name.js';
import { FIFO_MESS, RELIABLE_MESS, SUBGROUP_CAST, UNRELIABLE_MESS } from '../../wire/service.js';
import { FL_MIN_LEGAL_MESS_TYPE, SUBGROUP_BYTES, VULNERABLE_BYTES } from './limits.js';
import type { PlainData } from './port.js';

/** Type of the message that says: I send nothing more before this view. */
export const FLUSH_OK = -32_768;
/** Type of the message that says: I have installed this view. */
export const FLUSH_RECV = -32_767;
/** Type of user data that carries its view. */
export const VULNERABLE = -32_766;

const TYPE_BYTES = VULNERABLE_BYTES - GROUP_ID_BYTES;

/** Services that may overtake a FLUSH_OK on a Spread daemon, and carry their view for that. */
const WEAK = UNRELIABLE_MESS | RELIABLE_MESS | FIFO_MESS;

/** Whether data of this service may overtake a FLUSH_OK. */
export const isWeak = (service: number): boolean => (service & WEAK) !== 0;

/** Whether it is data to some members of a group. */
export const isSubgroupCast = (service: number): boolean => (service & SUBGROUP_CAST) !== 0;

/** Whether the message has nothing of the layer in it. */
export const isOrdinary = ({ service, type }: PlainData): boolean =>
  type >= FL_MIN_LEGAL_MESS_TYPE && !isSubgroupCast(service);

/** A message taken apart. */
export type Content =
  | { readonly kind: 'flush-ok' | 'flush-recv'; readonly group: string; readonly id: GroupId }
  /** Too short, or no type that goes to some members. */
  | { readonly kind: 'malformed'; readonly group: string }
  | {
      readonly kind: 'data';
      /** Whose members it goes to. */
      readonly group: string;
      readonly type: number;
      readonly body: Buffer;
      /** The view that it was sent in, where it carries it. */
      readonly view: GroupId | null;
    };

/**
 * Reads a message that is not ordinary.
 * @returns null when it is of no one group: it names several, or none
 */
export function readContent(message: PlainData): Content | null {
  const { service, type, body, groups, senderLittle } = message;
  let end = body.length;
  let group = groups[0];
  const isToSome = isSubgroupCast(service);
  if (isToSome) {
    end -= SUBGROUP_BYTES;
    if (end < 0 || fieldLength(body, end) < 1) return null;
    group = readName(body, end);
  } else if (groups.length !== 1) return null;
  if (group === undefined) return null;
  if (type >= FL_MIN_LEGAL_MESS_TYPE) {
    return { kind: 'data', group, type, body: body.subarray(0, end), view: null };
  }
  end -= GROUP_ID_BYTES;
  const isVulnerable = type === VULNERABLE;
  if (end < (isVulnerable ? TYPE_BYTES : 0) || (isToSome && !isVulnerable))
    return { kind: 'malformed', group };
  const id = readGroupId(body, end, senderLittle);
  if (!isVulnerable) return { kind: type === FLUSH_OK ? 'flush-ok' : 'flush-recv', group, id };
  end -= TYPE_BYTES;
  const userType = senderLittle ? body.readInt16LE(end) : body.readInt16BE(end);
  return { kind: 'data', group, type: userType, body: body.subarray(0, end), view: id };
}

/** Body of FLUSH_OK and FLUSH_RECV. */
export function controlBody(id: GroupId): Buffer {
  const body = Buffer.allocUnsafe(GROUP_ID_BYTES);
  writeGroupId(body, 0, id);
  return body;
}

/** What follows the body of a VULNERABLE message. */
export function vulnerableTail(type: number, id: GroupId): Buffer {
  const tail = Buffer.allocUnsafe(VULNERABLE_BYTES);
  tail.writeInt16LE(type, 0);
  writeGroupId(tail, TYPE_BYTES, id);
  return tail;
}

/** What stands at the very end of a subgroup cast. */
export const subgroupTail = (group: string): Buffer => nameField(group);
