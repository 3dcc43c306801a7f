/**
 * The flush calls for coming, going and sending [flush-layer 2]. They check in the order of the C library, answer with
 * its numbers, and never reject.
 */
import { connectResult, type ConnectOptions, type ConnectResult, openMailbox } from '../ssp/connect.js';
import type { VersionResult } from '../ssp/constants.js';
import { leave } from '../ssp/mailbox-table.js';
import { bytesOf, type Scatter, scatterPieces } from '../ssp/receive-buffer.js';
import { codeName, codeText } from '../wire/call-texts.js';
import {
  ILLEGAL_GROUP,
  ILLEGAL_MESSAGE,
  ILLEGAL_MESSAGE_TYPE,
  ILLEGAL_PARAM,
  ILLEGAL_RECEIVERS,
  ILLEGAL_SERVICE,
  ILLEGAL_SESSION,
  ILLEGAL_STATE,
  MESSAGE_TOO_LONG,
} from '../wire/codes.js';
import { GROUP_ID_BYTES } from '../wire/group-id.js';
import { isMessType } from '../wire/header.js';
import { MAX_GROUPS, MAX_REQUEST_BYTES, NAME_BYTES } from '../wire/limits.js';
import { sspBodyLength } from '../wire/membership.js';
import { isGroupName, parsePrivateGroup } from '../wire/name.js';
import { ENDIAN_RESERVED, FLUSH_REQ_MESS, FORBIDDEN_REQUEST_BITS, MEMBERSHIP_MESS } from '../wire/service.js';
import { REGULAR_MESS, RESERVED, SUBGROUP_CAST } from '../wire/service.js';
import { subgroupTail } from './core/control.js';
import { FL_MAX_SCATTER_ELEMENTS } from './core/limits.js';
import { isUserType } from './core/machine.js';
import { FlushSession } from './session.js';

const sessions = new Map<number, FlushSession>();

/** The session of a mailbox that FL_connect opened; undefined when there is none, or none any more. */
export const sessionAt = (mbox: number): FlushSession | undefined => sessions.get(mbox);

// Versions, and other calls without a mailbox.

let isInitialized = false;

/** Need not be called. @returns 0 the first time, ILLEGAL_STATE after that */
export function FL_lib_init(): number {
  if (isInitialized) return ILLEGAL_STATE;
  isInitialized = true;
  return 0;
}

/** The version of the C flush library whose protocol is spoken. */
export const FL_version = (): VersionResult => ({ ret: 1, major: 2, minor: 0, patch: 0 });

/** Prints one line about a result on standard output. @returns the line */
export function FL_error(code: number): string {
  const line = `FL_error: (${code}) ${codeName(code)}: ${codeText(code)}`;
  process.stdout.write(`${line}\n`);
  return line;
}

/** Where the id stands in the body of a view: 0. */
export const FL_get_gid_offset_memb_mess = (): number => 0;
/** Where the number of names stands in the body of a view: 12. */
export const FL_get_num_vs_offset_memb_mess = (): number => GROUP_ID_BYTES;
/** Where the names stand in the body of a view, 32 bytes each: 16. */
export const FL_get_vs_set_offset_memb_mess = (): number => sspBodyLength(0);

// Coming and going.

/** What the C call has no place for. */
export type FlConnectOptions = Omit<ConnectOptions, 'priority' | 'group_membership' | 'timeout' | 'secure'>;

/**
 * Connects. The mailbox is for the flush calls alone: the SP and SSP calls answer ILLEGAL_SESSION to its number, and
 * the flush calls to those of other mailboxes.
 * @param priority 0 or 1; no daemon makes a difference
 * @returns as `SP_connect`; memberships are always on
 */
export async function FL_connect(
  spread_name: string | null,
  private_name: string | null,
  priority: number,
  options?: FlConnectOptions,
): Promise<ConnectResult> {
  const entered = await openMailbox(
    spread_name,
    private_name,
    { ...options, priority, group_membership: true },
    true,
  );
  if (typeof entered !== 'number') {
    sessions.set(entered.mbox, new FlushSession(entered.mailbox));
  }
  return connectResult(entered);
}

/**
 * Tells the daemon and closes; frees a mailbox whose connection broke. Messages that wait are lost, calls that wait end
 * with ILLEGAL_SESSION.
 * @returns 0 when the daemon has closed too (two seconds at most), or ILLEGAL_SESSION
 */
export async function FL_disconnect(mbox: number): Promise<number> {
  const session = sessions.get(mbox);
  if (session === undefined) return ILLEGAL_SESSION;
  forget(mbox);
  await session.close();
  return 0;
}

/** The number is illegal from here on. */
export function forget(mbox: number): void {
  sessions.delete(mbox);
  leave(mbox);
}

/**
 * Asks to become a member. The first view comes when all members have flushed.
 * @returns 0, ILLEGAL_SESSION, ILLEGAL_GROUP for a name that is none and for a group that was joined and not left,
 * CONNECTION_CLOSED
 */
export async function FL_join(mbox: number, group: string): Promise<number> {
  const session = open(mbox);
  if (typeof session === 'number') return session;
  if (!isGroup(group) || session.layer.join(group) !== 0) return ILLEGAL_GROUP;
  return await session.sent(session.join(group), 0);
}

/**
 * Asks to stop being a member; the answer is a self-leave.
 * @returns 0, ILLEGAL_SESSION, ILLEGAL_GROUP unless the first view was installed and the group is not being left,
 * CONNECTION_CLOSED
 */
export async function FL_leave(mbox: number, group: string): Promise<number> {
  const session = open(mbox);
  if (typeof session === 'number') return session;
  const refusal = session.layer.machine(group)?.leaveRefusal() ?? ILLEGAL_GROUP;
  return refusal === 0 ? await session.sent(session.leave(group), 0) : refusal;
}

/**
 * Answers a flush request: nothing more is sent to the group before the next view.
 * @returns 0, ILLEGAL_SESSION, ILLEGAL_GROUP for a group that is not joined or is being left, ILLEGAL_STATE when no
 * request is open, CONNECTION_CLOSED
 */
export async function FL_flush(mbox: number, group: string): Promise<number> {
  const session = open(mbox);
  if (typeof session === 'number') return session;
  const refusal = session.layer.machine(group)?.flushRefusal() ?? ILLEGAL_GROUP;
  return refusal === 0 ? await session.sent(session.flush(group), 0) : refusal;
}

/** The session, or the answer of a call that finds none, or its connection gone. */
function open(mbox: number): FlushSession | number {
  const session = sessions.get(mbox);
  if (session === undefined) return ILLEGAL_SESSION;
  return session.loss() || session;
}

const isGroup = (group: string): boolean => typeof group === 'string' && isGroupName(group);

// Sending.

/** Bits that no application may set; two services at once, too, would end the session. */
const RESERVED_BITS = FLUSH_REQ_MESS | MEMBERSHIP_MESS | ENDIAN_RESERVED | RESERVED | FORBIDDEN_REQUEST_BITS;

/** What one send call was given. */
interface Given {
  readonly service: number;
  readonly group: string;
  readonly type: number;
  readonly data: readonly Uint8Array[] | number;
  /** Of a message to some members. */
  readonly receivers?: readonly string[];
}

/**
 * Sends to a group that is joined, or to one connection by its private group, without the promises of this layer.
 * @param mess must stay as it is until the promise resolves
 * @returns the size of the data; in this order ILLEGAL_SESSION; ILLEGAL_SERVICE for reserved bits; ILLEGAL_MESSAGE_TYPE
 * below FL_MIN_LEGAL_MESS_TYPE; ILLEGAL_MESSAGE; ILLEGAL_GROUP for a group that has no view here or is being left;
 * ILLEGAL_STATE between a flush and the next view; ILLEGAL_SERVICE for no service or several; MESSAGE_TOO_LONG, counting
 * what the layer appends; CONNECTION_CLOSED
 */
export const FL_multicast = (
  mbox: number,
  service: number,
  group: string,
  mess_type: number,
  mess: Uint8Array,
): Promise<number> => send(mbox, { service, group, type: mess_type, data: pieceOf(mess) });

/** The same with the data in at most 99 pieces, which are sent as one. */
export const FL_scat_multicast = (
  mbox: number,
  service: number,
  group: string,
  mess_type: number,
  scat: Scatter,
): Promise<number> => send(mbox, { service, group, type: mess_type, data: piecesOf(scat) });

/**
 * Sends to some members of a group, each of them once. Those who left since the view was installed are still allowed.
 * @param receivers 1 to 100 members; a daemon of Spread 5.0.1 delivers to 43 at most. If `group` is a private group,
 * it alone
 * @returns as `FL_multicast`; ILLEGAL_PARAM for more than 100 receivers, checked after the session; ILLEGAL_RECEIVERS for
 * none and for one that is not in the view, checked after the state
 */
export const FL_subgroupcast = (
  mbox: number,
  service: number,
  group: string,
  receivers: readonly string[],
  mess_type: number,
  mess: Uint8Array,
): Promise<number> => send(mbox, { service, group, type: mess_type, data: pieceOf(mess), receivers });

/** The same with the data in at most 99 pieces. */
export const FL_scat_subgroupcast = (
  mbox: number,
  service: number,
  group: string,
  receivers: readonly string[],
  mess_type: number,
  scat: Scatter,
): Promise<number> => send(mbox, { service, group, type: mess_type, data: piecesOf(scat), receivers });

/** Sends to one member of a group. @returns as `FL_subgroupcast` */
export const FL_unicast = (
  mbox: number,
  service: number,
  group: string,
  receiver: string,
  mess_type: number,
  mess: Uint8Array,
): Promise<number> => FL_subgroupcast(mbox, service, group, [receiver], mess_type, mess);

/** The same with the data in at most 99 pieces. */
export const FL_scat_unicast = (
  mbox: number,
  service: number,
  group: string,
  receiver: string,
  mess_type: number,
  scat: Scatter,
): Promise<number> => FL_scat_subgroupcast(mbox, service, group, [receiver], mess_type, scat);

const pieceOf = (mess: Uint8Array): Uint8Array[] | number =>
  mess instanceof Uint8Array ? [mess] : ILLEGAL_MESSAGE;

const piecesOf = (scat: Scatter): Uint8Array[] | number => scatterPieces(scat, FL_MAX_SCATTER_ELEMENTS);

async function send(mbox: number, given: Given): Promise<number> {
  const session = open(mbox);
  if (typeof session === 'number') return session;
  const refusal = refusalOf(session, given);
  if (refusal !== 0) return refusal;
  const data = given.data as readonly Uint8Array[];
  return await session.sent(transmit(session, given, data), bytesOf(data));
}

/** 0, or the first fault in the order of the C library. */
function refusalOf(session: FlushSession, given: Given): number {
  const { service, group, type, data, receivers } = given;
  if (receivers !== undefined && !(Array.isArray(receivers) && receivers.length <= MAX_GROUPS)) {
    return ILLEGAL_PARAM;
  }
  if (typeof service !== 'number' || (service & RESERVED_BITS) !== 0) return ILLEGAL_SERVICE;
  if (typeof type !== 'number' || !isUserType(type)) return ILLEGAL_MESSAGE_TYPE;
  if (typeof data === 'number') return data;
  if (typeof group !== 'string') return ILLEGAL_GROUP;
  const destination = group.includes('#')
    ? privateRefusal(group, receivers)
    : groupRefusal(session, group, receivers);
  if (destination !== 0) return destination;
  const services = service & REGULAR_MESS;
  if (services === 0 || (services & (services - 1)) !== 0) return ILLEGAL_SERVICE;
  if (!isMessType(type)) return ILLEGAL_MESSAGE_TYPE;
  return sizeOf(session, given, data) > MAX_REQUEST_BYTES ? MESSAGE_TOO_LONG : 0;
}

function groupRefusal(
  { layer }: FlushSession,
  group: string,
  receivers: readonly string[] | undefined,
): number {
  const machine = layer.machine(group);
  if (machine === null) return ILLEGAL_GROUP;
  return machine.sendRefusal() || (receivers ? machine.receiversRefusal(receivers) : 0);
}

function privateRefusal(group: string, receivers: readonly string[] | undefined): number {
  if (parsePrivateGroup(group) === null) return ILLEGAL_GROUP;
  if (!receivers) return 0;
  return receivers.length > 0 && receivers.every((receiver) => receiver === group) ? 0 : ILLEGAL_RECEIVERS;
}

/** Names and data, with what is appended. */
function sizeOf(
  { layer }: FlushSession,
  { service, group, receivers }: Given,
  data: readonly Uint8Array[],
): number {
  const isToSome = receivers !== undefined;
  const appended = layer.machine(group)?.overhead(service, isToSome) ?? (isToSome ? NAME_BYTES : 0);
  return bytesOf(data) + appended + NAME_BYTES * (receivers?.length ?? 1);
}

function transmit(
  session: FlushSession,
  { service, group, type, receivers }: Given,
  pieces: readonly Uint8Array[],
): Promise<number> {
  const machine = session.layer.machine(group);
  if (machine) return machine.send({ service, type, pieces, receivers });
  return receivers
    ? session.transmit(service | SUBGROUP_CAST, receivers, type, [...pieces, subgroupTail(group)])
    : session.transmit(service & ~SUBGROUP_CAST, [group], type, pieces);
}
