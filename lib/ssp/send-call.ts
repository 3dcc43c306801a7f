/** What the SSP and the SP calls for sending share: each brings its checks and its answers. */
import type { Mailbox } from '../mailbox/mailbox.js';
import { mailboxAt } from './mailbox-table.js';
import {
  ILLEGAL_GROUP,
  ILLEGAL_MESSAGE,
  ILLEGAL_MESSAGE_TYPE,
  ILLEGAL_PARAM,
  ILLEGAL_SERVICE,
  ILLEGAL_SESSION,
} from '../wire/codes.js';
import { isByteText, isGroupName } from '../wire/name.js';
import { FORBIDDEN_REQUEST_BITS, REGULAR_MESS, REQUEST_KIND } from '../wire/service.js';
import { bytesOf } from './receive-buffer.js';

/** In what the SSP and the SP calls differ. */
export interface SendPolicy {
  /** 0, or why a message with these properties is refused. `bytes` is the size of its data. */
  check(service: number, groups: readonly string[], messType: number, bytes: number): number;
  /** The answer of a call that finds the connection broken, or whose bytes did not get out. */
  broken(mailbox: Mailbox): number;
}

/** Whether a service names one of the six, and nothing for which a daemon would end the session [session 4.6]. */
export function isOneService(service: number): boolean {
  const kind = service & REQUEST_KIND;
  const isOne = kind !== 0 && (kind & (kind - 1)) === 0;
  return isOne && (kind & REGULAR_MESS) !== 0 && (service & FORBIDDEN_REQUEST_BITS) === 0;
}

/** @returns 0 when the kernel has the request, ILLEGAL_GROUP, ILLEGAL_SESSION, or what the policy answers */
export function request(policy: SendPolicy, mbox: number, service: number, group: string): Promise<number> {
  if (typeof group !== 'string' || !isGroupName(group)) return Promise.resolve(ILLEGAL_GROUP);
  return submit(policy, mbox, service, [group], 0, [], 0);
}

/**
 * @param data the pieces of the message, or the code that refuses them
 * @returns the number of data bytes when the kernel has them
 */
export function multicast(
  policy: SendPolicy,
  mbox: number,
  service: number,
  groups: readonly string[],
  messType: number,
  data: readonly Uint8Array[] | number,
): Promise<number> {
  if (typeof data === 'number') return Promise.resolve(data);
  if (!Array.isArray(groups)) return Promise.resolve(ILLEGAL_PARAM);
  if (typeof service !== 'number') return Promise.resolve(ILLEGAL_SERVICE);
  if (typeof messType !== 'number') return Promise.resolve(ILLEGAL_MESSAGE_TYPE);
  for (const group of groups) {
    if (typeof group !== 'string' || !isByteText(group)) return Promise.resolve(ILLEGAL_GROUP);
  }
  const bytes = bytesOf(data);
  const refusal = policy.check(service, groups, messType, bytes);
  if (refusal !== 0) return Promise.resolve(refusal);
  return submit(policy, mbox, service, groups, messType, data, bytes);
}

function submit(
  policy: SendPolicy,
  mbox: number,
  service: number,
  groups: readonly string[],
  messType: number,
  data: readonly Uint8Array[],
  bytes: number,
): Promise<number> {
  const mailbox = mailboxAt(mbox);
  if (mailbox === undefined) return Promise.resolve(ILLEGAL_SESSION);
  if (mailbox.state !== 'open') return Promise.resolve(policy.broken(mailbox));
  return mailbox
    .send(service, groups, messType, data)
    .then((code) => (code < 0 ? policy.broken(mailbox) : bytes));
}

/** Of an argument: not given, a null pointer in C. */
export const isMissing = (value: unknown): boolean => value === undefined || value === null;

/** The data of the plain forms; ILLEGAL_MESSAGE when it is none. */
export const piece = (mess: Uint8Array): Uint8Array[] | number =>
  mess instanceof Uint8Array ? [mess] : ILLEGAL_MESSAGE;
