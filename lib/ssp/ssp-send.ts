/**
 * SSP: joining, leaving, sending. All calls answer when the kernel has the bytes; the daemon confirms nothing
 * [session 4.5]. A secure mailbox answers for itself [secure-groups 8].
 */
import {
  CONNECTION_CLOSED,
  GROUP_NOT_SECURE,
  ILLEGAL_MESSAGE_TYPE,
  ILLEGAL_PARAM,
  ILLEGAL_SERVICE,
  ILLEGAL_SESSION,
  INVALID_PARAM,
  MESSAGE_TOO_LONG,
} from '../wire/codes.js';
import { isMessType } from '../wire/header.js';
import { MAX_GROUPS, MAX_REQUEST_BYTES, MAX_SSP_SCATTER_ELEMENTS, NAME_BYTES } from '../wire/limits.js';
import { ENCRYPT_MESS, JOIN_MESS, LEAVE_MESS } from '../wire/service.js';
import { mailboxAt } from './mailbox-table.js';
import { type Scatter, scatterPieces } from './receive-buffer.js';
import { secureAt } from './secure-table.js';
import { isMissing, isOneService, multicast, piece, request, type SendPolicy } from './send-call.js';

/**
 * Refuses what would make the daemon drop the session [session 4.6]. MESSAGE_TOO_LONG is above 143952
 * bytes of names and data; a Spread 5.0.1 daemon cannot be told apart and survives 143151 only (MAX_PORTABLE_BYTES).
 */
const policy: SendPolicy = {
  check(service, groups, messType, bytes) {
    if (!isOneService(service)) return ILLEGAL_SERVICE;
    if (groups.length > MAX_GROUPS) return ILLEGAL_PARAM;
    if (!isMessType(messType)) return ILLEGAL_MESSAGE_TYPE;
    return bytes + NAME_BYTES * groups.length > MAX_REQUEST_BYTES ? MESSAGE_TOO_LONG : 0;
  },
  broken: () => CONNECTION_CLOSED,
};

/**
 * Asks to become a member; the answer is a membership message with cause join. On a secure mailbox it comes when the first
 * view has a key.
 * @param group 1 to 31 characters from `$` to `~`
 * @returns 0, ILLEGAL_GROUP, ILLEGAL_SESSION or CONNECTION_CLOSED; on a secure mailbox also INVALID_PARAM for a missing
 * group, and ILLEGAL_GROUP for one that is joined and not left
 */
export const SSP_join = (mbox: number, group: string): Promise<number> =>
  secureAt(mbox)?.joinGroup(group) ?? request(policy, mbox, JOIN_MESS, group);

/**
 * Asks to stop being a member; the answer is a self-leave. Results as of `SSP_join`; on a secure mailbox ILLEGAL_GROUP for a
 * group that is not joined, or is being left.
 */
export const SSP_leave = (mbox: number, group: string): Promise<number> =>
  secureAt(mbox)?.leaveGroup(group) ?? request(policy, mbox, LEAVE_MESS, group);

/**
 * Sends one message to a group, or to one connection by its private group.
 *
 * On a secure mailbox, with ENCRYPT_MESS in `service`, to one group that is joined; members of the view that was received
 * last read it, and nobody else. It answers, in this order: INVALID_PARAM for a missing argument; ILLEGAL_MESSAGE also for a
 * type of -32765 or lower; ILLEGAL_GROUP for a group that has no view here, for a private group and for several;
 * ILLEGAL_SERVICE; GROUP_NOT_SECURE without ENCRYPT_MESS (unless `clear` is `as-2.1`), and in a view whose key was made without
 * this member; NOT_ALLOWED_TO_SEND after `SSP_flush`, while a key is agreed, and until the new view is received;
 * MESSAGE_TOO_LONG above 143071 bytes, 143007 with `authenticity: 'member'`; ENCRYPT_FAILED when the key is used up;
 * CONNECTION_CLOSED.
 * @param service exactly one of the six services, with SELF_DISCARD and ENCRYPT_MESS if wanted
 * @param group cut to 31 bytes, otherwise unchecked
 * @param mess_type -32768 to 32767
 * @param mess must stay as it is until the promise resolves
 * @returns the size of the data, ILLEGAL_SERVICE, ILLEGAL_MESSAGE_TYPE, ILLEGAL_MESSAGE, ILLEGAL_GROUP,
 * MESSAGE_TOO_LONG, ILLEGAL_SESSION or CONNECTION_CLOSED; GROUP_NOT_SECURE for ENCRYPT_MESS on a mailbox that is not secure
 */
export const SSP_multicast = (
  mbox: number,
  service: number,
  group: string,
  mess_type: number,
  mess: Uint8Array,
): Promise<number> => sendToOne(mbox, service, group, mess_type, mess, piece(mess));

/** The same with the data in at most 99 pieces, which are sent as one. */
export const SSP_scat_multicast = (
  mbox: number,
  service: number,
  group: string,
  mess_type: number,
  scat: Scatter,
): Promise<number> => sendToOne(mbox, service, group, mess_type, scat, piecesOf(scat));

/**
 * Sends one message to at most 100 groups; a connection in several of them gets it once. ILLEGAL_PARAM for more. A secure
 * mailbox sends to one group alone, and answers ILLEGAL_GROUP for another number.
 */
export const SSP_multigroup_multicast = (
  mbox: number,
  service: number,
  groups: readonly string[],
  mess_type: number,
  mess: Uint8Array,
): Promise<number> => send(mbox, service, groups, mess_type, mess, piece(mess));

/** The two above together. */
export const SSP_multigroup_scat_multicast = (
  mbox: number,
  service: number,
  groups: readonly string[],
  mess_type: number,
  scat: Scatter,
): Promise<number> => send(mbox, service, groups, mess_type, scat, piecesOf(scat));

const piecesOf = (scat: Scatter): Uint8Array[] | number => scatterPieces(scat, MAX_SSP_SCATTER_ELEMENTS);

/** @param mess what the caller gave for the data */
function sendToOne(
  mbox: number,
  service: number,
  group: string,
  messType: number,
  mess: unknown,
  data: readonly Uint8Array[] | number,
): Promise<number> {
  const secure = secureAt(mbox);
  if (secure === undefined) return sendPlain(mbox, service, [group], messType, data);
  return isMissing(mess) ? invalid : secure.multicast(service, group, messType, data);
}

function send(
  mbox: number,
  service: number,
  groups: readonly string[],
  messType: number,
  mess: unknown,
  data: readonly Uint8Array[] | number,
): Promise<number> {
  const secure = secureAt(mbox);
  if (secure === undefined) return sendPlain(mbox, service, groups, messType, data);
  if (isMissing(mess) || isMissing(groups)) return invalid;
  if (!Array.isArray(groups)) return Promise.resolve(ILLEGAL_PARAM);
  // A group that is none stands for another number of groups than one.
  const [group] = groups as readonly string[];
  return secure.multicast(service, groups.length === 1 ? group : '', messType, data);
}

/** Without encryption. A mailbox that is not secure has no key for it. */
function sendPlain(
  mbox: number,
  service: number,
  groups: readonly string[],
  messType: number,
  data: readonly Uint8Array[] | number,
): Promise<number> {
  if (typeof service === 'number' && (service & ENCRYPT_MESS) !== 0)
    return Promise.resolve(mailboxAt(mbox) === undefined ? ILLEGAL_SESSION : GROUP_NOT_SECURE);
  return multicast(policy, mbox, service, groups, messType, data);
}

const invalid = Promise.resolve(INVALID_PARAM);
