/**
 * What a received message says, before an API gives it its form. The one place where both APIs read one; it checks what
 * they need to be whole, so that a malformed message is found out before any output is set [receive R69].
 */
import { Buffer } from '#buffer';
import { writeInt } from '../wire/byte-order.js';
import { FrameFault } from '../wire/fault.js';
import { GROUP_ID_BYTES, type GroupId, writeGroupId } from '../wire/group-id.js';
import { endianMismatch } from '../wire/header.js';
import { readMembershipBody } from '../wire/membership.js';
import type { ReceivedMessage } from './received-message.js';
import { type View, readTransition, readView } from './view.js';

interface Common {
  readonly service: number;
  /** Sender of data, group of a membership message. */
  readonly sender: string;
  /** Number of names: destinations or members; 0 in transitions and self-leaves. */
  readonly numGroups: number;
  readonly endianMismatch: 0 | 1;
}

export type Content = Common &
  (
    | { readonly kind: 'data'; readonly messType: number; readonly body: Buffer }
    | { readonly kind: 'view'; readonly view: View }
    | { readonly kind: 'transition'; readonly id: GroupId }
    | { readonly kind: 'self-leave'; readonly id: GroupId }
  );

/**
 * @param own private group of the receiver
 * @returns null when the message is malformed inside a sound frame, and for frames of the extension
 */
export function contentOf(arrival: ReceivedMessage, own: string): Content | null {
  try {
    return read(arrival, own);
  } catch (error) {
    if (error instanceof FrameFault) return null;
    throw error;
  }
}

function read(arrival: ReceivedMessage, own: string): Content | null {
  const { kind, service, numGroups } = arrival;
  const sender = arrival.name;
  switch (kind) {
    case 'data':
    case 'reject': {
      const mismatch = endianMismatch(arrival.senderLittle);
      const { messType, body } = arrival;
      return { kind: 'data', service, sender, numGroups, endianMismatch: mismatch, messType, body };
    }
    case 'view':
      return { kind, service, sender, numGroups, endianMismatch: 0, view: readView(arrival, own) };
    case 'transition':
      return { kind, service, sender, numGroups: 0, endianMismatch: 0, id: readTransition(arrival) };
    case 'self-leave':
      return { kind, service, sender, numGroups: 0, endianMismatch: 0, id: arrival.leftId };
    case 'extension':
      return null;
    default:
      throw new FrameFault('kind', `service 0x${service.toString(16)} is not a kind of message`);
  }
}

/**
 * Membership bodies as the plain Spread calls give them: the wire's layout, integers little-endian [session 6.3, 6.6].
 */
const SET_COUNT_AT = GROUP_ID_BYTES;
const OWN_SET_AT = 16;
const COUNT_BYTES = 4;

/** The body of a view that was found sound. Only one from a daemon of the other byte order is copied. */
export function plainViewBody(arrival: ReceivedMessage): Buffer {
  const { body } = arrival;
  if (arrival.little) return body;
  const { id, sets } = readMembershipBody(body, 0, body.length, false);
  const converted = Buffer.from(body);
  writeGroupId(converted, 0, id);
  writeInt(converted, SET_COUNT_AT, sets.length, true);
  writeInt(converted, OWN_SET_AT, body.readInt32BE(OWN_SET_AT), true);
  for (const { numMembers, membersOffset } of sets) {
    writeInt(converted, membersOffset - COUNT_BYTES, numMembers, true);
  }
  return converted;
}

/** The body of a transition: the id. The C library forgets to convert it (13). */
export function plainTransitionBody(id: GroupId): Buffer {
  const body = Buffer.alloc(GROUP_ID_BYTES);
  writeGroupId(body, 0, id);
  return body;
}
