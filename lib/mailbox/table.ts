/** The mailboxes of this process under small positive numbers, as the calls of the C library name them. */
import { REJECT_QUOTA } from '../wire/codes.js';
import type { Mailbox } from './mailbox.js';

/** Connections that one process may have, those being made included [session 2]. */
export const MAX_MAILBOXES = 1024;

const mailboxes = new Map<number, Mailbox>();
let connecting = 0;
let last = 0;

/** The mailbox with this number; undefined when there is none, or none any more. A number never comes again. */
export const mailboxAt = (mbox: number): Mailbox | undefined => mailboxes.get(mbox);

/**
 * Makes a connection and gives it a number.
 * @returns REJECT_QUOTA when the process has MAX_MAILBOXES, else the code of a connection that failed
 */
export async function enter(
  open: () => Promise<Mailbox | number>,
): Promise<{ mbox: number; mailbox: Mailbox } | number> {
  if (mailboxes.size + connecting >= MAX_MAILBOXES) return REJECT_QUOTA;
  connecting++;
  const mailbox = await open().finally(() => connecting--);
  if (typeof mailbox === 'number') return mailbox;
  const mbox = ++last;
  mailboxes.set(mbox, mailbox);
  return { mbox, mailbox };
}

/** Forgets the number: it is illegal from here on. */
export const leave = (mbox: number): boolean => mailboxes.delete(mbox);
