/** The mailboxes of this process under small positive numbers, as the calls of the C library name them. */
import type { Mailbox } from '../mailbox/mailbox.js';
import { CONNECTION_CLOSED, ILLEGAL_SESSION, NET_ERROR_ON_SESSION, REJECT_QUOTA } from '../wire/codes.js';

/** Connections that one process may have, those being made included [session 2]. */
export const MAX_MAILBOXES = 1024;

const mailboxes = new Map<number, Mailbox>();
/** Numbers of mailboxes whose frames a layer above handles: the calls of this module find none there. */
const layered = new Set<number>();
let connecting = 0;
let last = 0;

/** The mailbox with this number; undefined when there is none, or none any more. A number never comes again. */
export const mailboxAt = (mbox: number): Mailbox | undefined => mailboxes.get(mbox);

/** A mailbox and its number. */
export interface Entered {
  readonly mbox: number;
  readonly mailbox: Mailbox;
}

/**
 * Makes a connection and gives it a number.
 * @param isLayered whether the calls of another module have it for themselves
 * @returns REJECT_QUOTA when the process has MAX_MAILBOXES, else the code of a connection that failed
 */
export async function enter(
  open: () => Promise<Mailbox | number>,
  isLayered: boolean,
): Promise<Entered | number> {
  if (mailboxes.size + layered.size + connecting >= MAX_MAILBOXES) return REJECT_QUOTA;
  connecting++;
  const mailbox = await open().finally(() => connecting--);
  if (typeof mailbox === 'number') return mailbox;
  const mbox = ++last;
  if (isLayered) layered.add(mbox);
  else mailboxes.set(mbox, mailbox);
  return { mbox, mailbox };
}

/** Forgets the number: it is illegal from here on. */
export const leave = (mbox: number): boolean => mailboxes.delete(mbox) || layered.delete(mbox);

// What a call answers on a mailbox without messages whose connection is not open any more. SSP tells CONNECTION_CLOSED
// once and the mailbox is illegal from then on [receive R64]; the plain calls tell it once and NET_ERROR_ON_SESSION
// until the caller disconnects [session 8.5]. Both tell ILLEGAL_MESSAGE first when a malformed stream was the reason.

/** The result of a receive call without a message, as SSP or SP has it; 0 while the connection is open. */
type LossAnswer = (mailbox: Mailbox, mbox: number) => number;

/** All calls that wait when the connection breaks get CONNECTION_CLOSED [receive R65]. */
export const sspLoss: LossAnswer = (mailbox, mbox) => {
  if (mailbox.state === 'open') return 0;
  if (mailbox.state === 'closed') return ILLEGAL_SESSION;
  const fault = mailbox.takeFault();
  if (fault !== 0) return fault;
  leave(mbox);
  return CONNECTION_CLOSED;
};

export const spLoss: LossAnswer = (mailbox) => {
  if (mailbox.state === 'open') return 0;
  if (mailbox.state === 'closed') return ILLEGAL_SESSION;
  return mailbox.takeFault() || spBroken(mailbox);
};

/** The answer of a plain call that finds the connection broken. */
export function spBroken(mailbox: Mailbox): number {
  if (mailbox.lossTold) return NET_ERROR_ON_SESSION;
  mailbox.lossTold = true;
  return CONNECTION_CLOSED;
}
