/**
 * Membership bodies as the plain Spread calls give them: the wire's layout, integers little-endian [session 6.3, 6.6].
 */
import { Buffer } from 'node:buffer';
import { writeInt } from '../wire/byte-order.js';
import { GROUP_ID_BYTES, type GroupId, writeGroupId } from '../wire/group-id.js';
import { readMembershipBody } from '../wire/membership.js';
import type { ReceivedMessage } from './arrival.js';

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
