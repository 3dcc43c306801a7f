/** Connections with the library. */
import { Mailbox, type MailboxOptions } from '../../../lib/mailbox/mailbox.js';
import { JOIN_MESS } from '../../../lib/wire/service.js';

/** Connections that are being made at one time. */
const PARALLEL = 100;

export async function openMailbox(port: number, options: MailboxOptions = {}): Promise<Mailbox> {
  const mailbox = await Mailbox.open({ spreadName: `${port}@127.0.0.1`, ...options });
  if (typeof mailbox === 'number') throw new Error(`connect answered ${mailbox}`);
  return mailbox;
}

export async function openMailboxes(
  port: number,
  count: number,
  options: MailboxOptions = {},
): Promise<Mailbox[]> {
  const mailboxes: Mailbox[] = [];
  while (mailboxes.length < count) {
    const some = Math.min(PARALLEL, count - mailboxes.length);
    mailboxes.push(...(await Promise.all(Array.from({ length: some }, () => openMailbox(port, options)))));
  }
  return mailboxes;
}

/** Joins, and waits for the view that says so. The mailbox has to ask for membership messages. */
export async function join(mailbox: Mailbox, group: string): Promise<void> {
  void mailbox.send(JOIN_MESS, [group], 0, []);
  while (mailbox.take()?.kind !== 'view') await next(mailbox);
}

/** Resolves when there is something to take. */
export async function next(mailbox: Mailbox): Promise<void> {
  await mailbox.wait();
  if (mailbox.state !== 'open') throw new Error('the daemon went away');
}
