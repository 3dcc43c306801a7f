/** The way of one message out of a connection. */
import type { Mailbox } from '../mailbox/mailbox.js';
import { NotSupportedError } from './resume/errors.js';
import type { Resumption } from './resume/resumption.js';
import { type Body, bytesOfBody, checkSend, type SendOptions, serviceWord, SharedOutcome } from './send.js';
import { checkPlain, synchronousGroup } from './synchrony-checks.js';
import type { SynchronousGroups } from './view-synchrony.js';

/** @see Connection.confirmed */
export function confirmation(resumption: Resumption | null): Promise<void> {
  return resumption?.outbox.confirmed() ?? Promise.reject(unconfirmed());
}

const unconfirmed = (): Error => new NotSupportedError('a connection without resume confirms no messages');

const outcomes = new SharedOutcome();

/**
 * @param mailbox of a connection that does not come back
 * @param resumption of one that does
 * @see Connection.send
 */
export function sendOver(
  mailbox: Mailbox,
  resumption: Resumption | null,
  synchrony: SynchronousGroups | null,
  groups: string | readonly string[],
  body: Body,
  options: SendOptions,
): Promise<void> {
  // No asynchronous function: its promises would cost as much as the rest.
  try {
    const names = typeof groups === 'string' ? [groups] : groups;
    const { type = 0, confirm = false } = options;
    const group = synchronousGroup(synchrony, names);
    if (confirm && !resumption) throw unconfirmed();
    if (group !== undefined) return (synchrony as SynchronousGroups).send(group, body, options);
    checkPlain(options);
    const bytes = bytesOfBody(body);
    checkSend(names, type, bytes.length);
    const service = serviceWord(options);
    if (resumption) return resumption.outbox.keep(service, names, type, [bytes], confirm);
    return outcomes.of(mailbox.submit(service, names, type, [bytes]));
  } catch (error) {
    return Promise.reject(error);
  }
}
