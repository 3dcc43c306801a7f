/** Reads frames through lib/wire into the form that the recorder used for its `decoded` entries. */
import type { Buffer } from 'node:buffer';
import { Delivery, checkDelivery } from '../../lib/wire/delivery.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { readGroupId } from '../../lib/wire/group-id.js';
import { HINT_AT, frameLength, readHeader } from '../../lib/wire/header.js';
import { HEADER_BYTES } from '../../lib/wire/limits.js';
import { readMembershipBody, readVsSet } from '../../lib/wire/membership.js';
import { readNames } from '../../lib/wire/name.js';
import * as service from '../../lib/wire/service.js';
import { ENDIAN_RESERVED } from '../../lib/wire/service.js';
import type { DecodedFrame, DecodedMembership } from '../support/recordings.js';

/** A decoded frame without its place among the chunks. */
export type FrameUnit = Omit<DecodedFrame, 'chunk'>;

/** The recorder leaves out longer texts. */
const LONGEST_TEXT = 99_999;

const bitNames: readonly (readonly [string, number])[] = [
  ['UNRELIABLE', service.UNRELIABLE_MESS],
  ['RELIABLE', service.RELIABLE_MESS],
  ['FIFO', service.FIFO_MESS],
  ['CAUSAL', service.CAUSAL_MESS],
  ['AGREED', service.AGREED_MESS],
  ['SAFE', service.SAFE_MESS],
  ['SELF_DISCARD', service.SELF_DISCARD],
  ['CAUSED_BY_JOIN', service.CAUSED_BY_JOIN],
  ['CAUSED_BY_LEAVE', service.CAUSED_BY_LEAVE],
  ['CAUSED_BY_DISCONNECT', service.CAUSED_BY_DISCONNECT],
  ['CAUSED_BY_NETWORK', service.CAUSED_BY_NETWORK],
  ['REG_MEMB', service.REG_MEMB_MESS],
  ['TRANSITION', service.TRANSITION_MESS],
  ['JOIN', service.JOIN_MESS],
  ['LEAVE', service.LEAVE_MESS],
  ['KILL', service.KILL_MESS],
  ['REJECT', service.REJECT_MESS],
];

function serviceText(word: number): string {
  const names = bitNames.filter(([, bit]) => (word & bit) !== 0).map(([name]) => name);
  const rest = bitNames.reduce((left, [, bit]) => left & ~bit, word);
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.join('|') || '0';
}

const orderText = (little: boolean): 'little' | 'big' => (little ? 'little' : 'big');

const wordText = (word: number, little: boolean): string =>
  `0x${((little ? word | ENDIAN_RESERVED : word) >>> 0).toString(16).padStart(8, '0')}`;

/** What both directions have in common: the 48 bytes. */
function headerUnit(bytes: Buffer, start: number) {
  const header = readHeader(bytes, start);
  return {
    header_byte_order: orderText(header.little),
    type: wordText(header.service, header.little),
    service: serviceText(header.service),
    name: header.name,
    num_groups: header.numGroups,
    hint: bytes.toString('hex', start + HINT_AT, start + HINT_AT + 4),
    hint_byte_order: orderText(header.senderLittle),
    mess_type: header.messType,
    data_len: header.dataLength,
  };
}

const textOf = (data: Buffer): { data_text?: string } =>
  data.length > LONGEST_TEXT ? {} : { data_text: data.toString('latin1') };

function requestKind(word: number): FrameUnit['what'] {
  if ((word & service.JOIN_MESS) !== 0) return 'join request';
  if ((word & service.LEAVE_MESS) !== 0) return 'leave request';
  if ((word & service.KILL_MESS) !== 0) return 'disconnect request';
  return 'data message';
}

/** A frame of a client, legal or not. */
export function requestUnit(bytes: Buffer, start: number, end: number, offset: number): FrameUnit {
  const header = readHeader(bytes, start);
  const what = requestKind(header.service);
  return {
    dir: 'c2d',
    offset,
    length: end - start,
    what,
    ...headerUnit(bytes, start),
    groups: readNames(bytes, start + HEADER_BYTES, header.numGroups),
    ...(what === 'data message' ? textOf(bytes.subarray(end - header.dataLength, end)) : {}),
  };
}

/** The frames of a client, read without the daemon's checks. */
export function requestUnits(stream: Buffer, from: number): FrameUnit[] {
  const units: FrameUnit[] = [];
  let offset = from;
  const reader = new FrameReader({
    header(bytes, at) {
      const header = readHeader(bytes, at);
      return frameLength(header.service, header.numGroups, header.dataLength);
    },
    frame(bytes, start, end) {
      units.push(requestUnit(bytes, start, end, offset));
      offset += end - start;
    },
  });
  reader.push(stream.subarray(from));
  return units;
}

function deliveryKind(word: number): FrameUnit['what'] {
  if (service.isReject(word)) return 'reject message';
  if (service.isSelfLeave(word)) return 'self-leave notification';
  if (service.isTransition(word)) return 'transitional membership message';
  if (service.isRegularMembership(word)) return 'regular membership message';
  if (service.isRegular(word)) return 'data message';
  throw new Error(`service 0x${word.toString(16)} is of no kind`);
}

const unsigned = (id: readonly [number, number, number]): [number, number, number] => [
  id[0] >>> 0,
  id[1] >>> 0,
  id[2] >>> 0,
];

function membershipUnit(delivery: Delivery, own: string): DecodedMembership {
  const { body, little } = delivery;
  if (service.isTransition(delivery.service)) return { group_id: unsigned(readGroupId(body, 0, little)) };
  const { id, sets, ownSet } = readMembershipBody(body, 0, body.length, little);
  return {
    group_id: unsigned(id),
    num_vs_sets: sets.length,
    offset_to_local_vs_set: (sets[ownSet]?.membersOffset ?? 0) - 24,
    local_vs_set_index: ownSet,
    vs_sets: sets.map((set) => readVsSet(body, 0, set)),
    my_index: delivery.names().indexOf(own),
  };
}

/** A frame of a daemon as the session with the private group `own` sees it. */
export function deliveryUnit(
  bytes: Buffer,
  start: number,
  end: number,
  offset: number,
  own: string,
): FrameUnit {
  const delivery = new Delivery(bytes, start, end);
  const what = deliveryKind(delivery.service);
  const old = delivery.service & ~service.REJECT_MESS;
  return {
    dir: 'd2c',
    offset,
    length: delivery.length,
    what,
    ...headerUnit(bytes, start),
    name: delivery.name,
    num_groups: delivery.numGroups,
    mess_type: delivery.messType,
    header_byte_order: orderText(delivery.little),
    hint_byte_order: orderText(delivery.senderLittle),
    groups: delivery.names(),
    ...(what === 'reject message' ? { old_type: wordText(old, delivery.little) } : {}),
    ...(what === 'data message' ? textOf(delivery.body) : {}),
    ...(what === 'regular membership message' || what === 'transitional membership message'
      ? { membership: membershipUnit(delivery, own) }
      : {}),
  };
}

/** The frames of a daemon. */
export function deliveryUnits(stream: Buffer, from: number, own: string): FrameUnit[] {
  const units: FrameUnit[] = [];
  let offset = from;
  const reader = new FrameReader({
    header: checkDelivery,
    frame(bytes, start, end) {
      units.push(deliveryUnit(bytes, start, end, offset, own));
      offset += end - start;
    },
  });
  reader.push(stream.subarray(from));
  return units;
}
