/** The plain Spread calls for joining, leaving, sending: [session 8.1]. They check little. */
import { ILLEGAL_SERVICE, MESSAGE_TOO_LONG } from '../wire/codes.js';
import { MAX_CLIENT_SCATTER_ELEMENTS, MAX_MESSAGE_BYTES, NAME_BYTES } from '../wire/limits.js';
import { JOIN_MESS, LEAVE_MESS, REGULAR_MESS } from '../wire/service.js';
import { spBroken } from './mailbox-table.js';
import { type Scatter, scatterPieces } from './receive-buffer.js';
import { multicast, piece, request, type SendPolicy } from './send-call.js';

/**
 * As the C library: neither the number of groups nor a second service bit is found here, and the limit is above the
 * daemon's. The daemon drops the session for them. The message type is cut to 16 bits.
 */
const policy: SendPolicy = {
  check(service, groups, _messType, bytes) {
    if ((service & REGULAR_MESS) === 0) return ILLEGAL_SERVICE;
    return bytes + NAME_BYTES * groups.length > MAX_MESSAGE_BYTES ? MESSAGE_TOO_LONG : 0;
  },
  broken: spBroken,
};

/** @returns 0, ILLEGAL_GROUP, ILLEGAL_SESSION, CONNECTION_CLOSED once, then NET_ERROR_ON_SESSION */
export const SP_join = (mbox: number, group: string): Promise<number> =>
  request(policy, mbox, JOIN_MESS, group);

/** @returns as `SP_join` */
export const SP_leave = (mbox: number, group: string): Promise<number> =>
  request(policy, mbox, LEAVE_MESS, group);

/**
 * @param mess must stay as it is until the promise resolves
 * @returns the size of the data, ILLEGAL_SERVICE without any of the six services, MESSAGE_TOO_LONG above 144000 bytes
 * of names and data, ILLEGAL_SESSION, CONNECTION_CLOSED once, then NET_ERROR_ON_SESSION
 */
export const SP_multicast = (
  mbox: number,
  service: number,
  group: string,
  mess_type: number,
  mess: Uint8Array,
): Promise<number> => multicast(policy, mbox, service, [group], mess_type, piece(mess));

/** The same with the data in at most 100 pieces; ILLEGAL_MESSAGE for a malformed list. */
export const SP_scat_multicast = (
  mbox: number,
  service: number,
  group: string,
  mess_type: number,
  scat: Scatter,
): Promise<number> =>
  multicast(policy, mbox, service, [group], mess_type, scatterPieces(scat, MAX_CLIENT_SCATTER_ELEMENTS));

/** The same to several groups; the daemon takes 100. */
export const SP_multigroup_multicast = (
  mbox: number,
  service: number,
  groups: readonly string[],
  mess_type: number,
  mess: Uint8Array,
): Promise<number> => multicast(policy, mbox, service, groups, mess_type, piece(mess));

/** The two above together. */
export const SP_multigroup_scat_multicast = (
  mbox: number,
  service: number,
  groups: readonly string[],
  mess_type: number,
  scat: Scatter,
): Promise<number> =>
  multicast(policy, mbox, service, groups, mess_type, scatterPieces(scat, MAX_CLIENT_SCATTER_ELEMENTS));
