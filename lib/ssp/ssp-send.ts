/**
 * SSP: joining, leaving, sending. All calls answer when the kernel has the bytes; the daemon confirms nothing
 * [session 4.5].
 */
import {
  CONNECTION_CLOSED,
  ILLEGAL_MESSAGE_TYPE,
  ILLEGAL_PARAM,
  ILLEGAL_SERVICE,
  MESSAGE_TOO_LONG,
} from '../wire/codes.js';
import { isMessType } from '../wire/header.js';
import { MAX_GROUPS, MAX_REQUEST_BYTES, MAX_SSP_SCATTER_ELEMENTS, NAME_BYTES } from '../wire/limits.js';
import {
  FORBIDDEN_REQUEST_BITS,
  JOIN_MESS,
  LEAVE_MESS,
  REGULAR_MESS,
  REQUEST_KIND,
} from '../wire/service.js';
import { type Scatter, scatterPieces } from './receive-buffer.js';
import { multicast, piece, request, type SendPolicy } from './send-call.js';

/**
 * Refuses what would make the daemon drop the session [session 4.6]. MESSAGE_TOO_LONG is above 143952
 * bytes of names and data; a Spread 5.0.1 daemon cannot be told apart and survives 143151 only (MAX_PORTABLE_BYTES).
 */
const policy: SendPolicy = {
  check(service, groups, messType, bytes) {
    const kind = service & REQUEST_KIND;
    const isOne = kind !== 0 && (kind & (kind - 1)) === 0;
    if (!isOne || (kind & REGULAR_MESS) === 0 || (service & FORBIDDEN_REQUEST_BITS) !== 0)
      return ILLEGAL_SERVICE;
    if (groups.length > MAX_GROUPS) return ILLEGAL_PARAM;
    if (!isMessType(messType)) return ILLEGAL_MESSAGE_TYPE;
    return bytes + NAME_BYTES * groups.length > MAX_REQUEST_BYTES ? MESSAGE_TOO_LONG : 0;
  },
  broken: () => CONNECTION_CLOSED,
};

/**
 * Asks to become a member; the answer is a membership message with cause join.
 * @param group 1 to 31 characters from `$` to `~`
 * @returns 0, ILLEGAL_GROUP, ILLEGAL_SESSION or CONNECTION_CLOSED
 */
export const SSP_join = (mbox: number, group: string): Promise<number> =>
  request(policy, mbox, JOIN_MESS, group);

/** Asks to stop being a member; the answer is a self-leave. Results as of `SSP_join`. */
export const SSP_leave = (mbox: number, group: string): Promise<number> =>
  request(policy, mbox, LEAVE_MESS, group);

/**
 * Sends one message to a group, or to one connection by its private group.
 * @param service exactly one of the six services, with SELF_DISCARD if wanted
 * @param group cut to 31 bytes, otherwise unchecked
 * @param mess_type -32768 to 32767
 * @param mess must stay as it is until the promise resolves
 * @returns the size of the data, ILLEGAL_SERVICE, ILLEGAL_MESSAGE_TYPE, ILLEGAL_MESSAGE, ILLEGAL_GROUP,
 * MESSAGE_TOO_LONG, ILLEGAL_SESSION or CONNECTION_CLOSED
 */
export const SSP_multicast = (
  mbox: number,
  service: number,
  group: string,
  mess_type: number,
  mess: Uint8Array,
): Promise<number> => multicast(policy, mbox, service, [group], mess_type, piece(mess));

/** The same with the data in at most 99 pieces, which are sent as one. */
export const SSP_scat_multicast = (
  mbox: number,
  service: number,
  group: string,
  mess_type: number,
  scat: Scatter,
): Promise<number> =>
  multicast(policy, mbox, service, [group], mess_type, scatterPieces(scat, MAX_SSP_SCATTER_ELEMENTS));

/** Sends one message to at most 100 groups; a connection in several of them gets it once. ILLEGAL_PARAM for more. */
export const SSP_multigroup_multicast = (
  mbox: number,
  service: number,
  groups: readonly string[],
  mess_type: number,
  mess: Uint8Array,
): Promise<number> => multicast(policy, mbox, service, groups, mess_type, piece(mess));

/** The two above together. */
export const SSP_multigroup_scat_multicast = (
  mbox: number,
  service: number,
  groups: readonly string[],
  mess_type: number,
  scat: Scatter,
): Promise<number> =>
  multicast(policy, mbox, service, groups, mess_type, scatterPieces(scat, MAX_SSP_SCATTER_ELEMENTS));
