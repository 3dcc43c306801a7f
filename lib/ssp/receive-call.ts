/** What the SSP and the SP calls for receiving share: arguments, the turn of a call, the storing of names. */
import type { Content } from '../mailbox/content.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import { type Clock, turn } from '../util/clock.js';
import { ILLEGAL_PARAM, ILLEGAL_SESSION } from '../wire/codes.js';
import type { GroupId } from '../wire/group-id.js';
import { mailboxAt } from './mailbox-table.js';
import type { ReceiveBuffer, Scatter } from './receive-buffer.js';

interface CommonOptions {
  /** Flags; 0 when left out. SSP knows DONT_BLOCK, the plain calls DROP_RECV; other bits are ignored. */
  service_type?: number | undefined;
  /** Room for names, from 0. */
  max_groups: number;
  /** Filled with the stored names from index 0; entries behind them are not touched [receive R20]. */
  groups?: string[] | undefined;
  /** Ends the waiting: the call answers WOULD_BLOCK, no message is taken. */
  signal?: AbortSignal | undefined;
}

/** Inputs of a receive call with one buffer. */
export interface ReceiveOptions extends CommonOptions {
  /** Room for the body in bytes, from 0 to the length of `mess`. */
  max_mess_len: number;
  /** Gets the body; bytes behind it are not touched [receive R32]. */
  mess: Uint8Array;
}

/** Inputs of a receive call with several buffers. */
export interface ScatReceiveOptions extends CommonOptions {
  /** Gets the body, the buffers in order; the structure itself is not changed [receive R42]. */
  scat: Scatter;
}

/** Fields that are absent are outputs that the call left unchanged. */
export interface ReceiveResult {
  /** Body size in bytes from 0, or an error. */
  ret: number;
  /** Kind of the message. */
  service_type?: number;
  /** Private name of the sender of data; group of a membership message. */
  sender?: string;
  /** Number of names, negative when there was not room for all. */
  num_groups?: number;
  /** The names that were stored: destinations or members. */
  groups?: string[];
  /** The sender's signed 16-bit type; index of the receiver among the members; see the calls for the rest. */
  mess_type?: number;
  /** 1 when the sender's byte order is not this machine's. Its body is never converted [receive R23]. */
  endian_mismatch?: number;
}

/** The parsed form of a membership body. */
export interface Membership {
  /** Id of the view. */
  group_id: GroupId;
  /** The one who came or went; for network changes those who came along, the receiver included [receive R54, R55]. */
  names: readonly string[];
}

/** What the receive calls of SSP answer. */
export interface SspReceiveResult extends ReceiveResult {
  /** Complete messages on this side of the connection after this one [receive R10]. */
  more_messes?: number;
  /** Extension: size of the whole body, also when it was cut [receive Q6]. */
  full_length?: number;
  /** Extension: for regular membership messages and self-leaves, never cut. */
  membership?: Membership;
}

/** The arguments of a receive call, checked. */
export interface CallArguments {
  /** Input flags. */
  readonly flags: number;
  readonly maxGroups: number;
  readonly groups: string[] | undefined;
  readonly room: ReceiveBuffer;
  readonly signal: AbortSignal | undefined;
}

/** One receive call with its arguments checked. */
export interface Call extends CallArguments {
  readonly mailbox: Mailbox;
  readonly mbox: number;
}

/**
 * Checks the arguments in the order of [receive R67]: sizes, scatter.
 * @param room what the buffers amount to, or the code that refuses them
 * @param minGroups lowest legal `max_groups`: 0, or anything in the plain calls, which do not check
 */
export function argumentsOf(
  options: CommonOptions | undefined,
  room: ReceiveBuffer | number,
  minGroups: number,
): CallArguments | number {
  const {
    service_type: flags = 0,
    max_groups: maxGroups,
    groups,
    signal,
  } = options ?? { max_groups: Number.NaN };
  if (!Number.isSafeInteger(maxGroups) || maxGroups < minGroups) return ILLEGAL_PARAM;
  if (typeof flags !== 'number') return ILLEGAL_PARAM;
  if (groups !== undefined && !(Array.isArray(groups) && Object.isExtensible(groups))) return ILLEGAL_PARAM;
  if (signal !== undefined && !(signal instanceof AbortSignal)) return ILLEGAL_PARAM;
  if (typeof room === 'number') return room;
  return { flags, maxGroups, groups, room, signal };
}

/** The same for a mailbox of its own, and then the session. */
export function callOf(
  mbox: number,
  options: CommonOptions | undefined,
  room: ReceiveBuffer | number,
  minGroups: number,
): Call | number {
  const given = argumentsOf(options, room, minGroups);
  return typeof given === 'number' ? given : onMailbox(mbox, given);
}

/** @returns ILLEGAL_SESSION where there is no mailbox that is handled here */
export function onMailbox(mbox: number, given: CallArguments): Call | number {
  const mailbox = mailboxAt(mbox);
  return mailbox === undefined ? ILLEGAL_SESSION : { ...given, mailbox, mbox };
}

/**
 * What is here already. An empty mailbox is looked into again after the sockets had their turn: a caller that asks
 * again and again would otherwise keep Node from ever reading one.
 */
export async function now<T>(attempt: () => T | undefined, clock: Clock): Promise<T | undefined> {
  const answer = attempt();
  if (answer !== undefined) return answer;
  await turn(clock);
  return attempt();
}

/** Stores as many names as there is room for and returns them. */
export function storeNames(call: Call, arrival: ReceivedMessage, content: Content): string[] {
  const names = namesOf(arrival, content, Math.max(0, call.maxGroups));
  if (call.groups !== undefined) for (const [i, name] of names.entries()) call.groups[i] = name;
  return names;
}

function namesOf(arrival: ReceivedMessage, content: Content, max: number): string[] {
  if (content.kind === 'view') return content.view.members.slice(0, max);
  return content.numGroups === 0 ? [] : arrival.names(max);
}

/** The number of names as the calls tell it: negative when there was not room for all of them [receive R17]. */
export const countOf = (content: Content, maxGroups: number): number =>
  content.numGroups > maxGroups ? 0 - content.numGroups : content.numGroups;

// How much waits to be received.

/**
 * Bytes of messages that have come and were not received, those of an incomplete message included; the 48 header bytes of a
 * message that was too long for a call before do not count [session 8.4]. Node reads sockets between turns: a caller that
 * polls in a loop must wait for something in it.
 * @returns 0 when there is none, also after the connection broke; ILLEGAL_SESSION
 */
export const SP_poll = (mbox: number): number => mailboxAt(mbox)?.waitingBytes ?? ILLEGAL_SESSION;
