/** The way of one message out of a connection. */
import { errorOf } from '../errors.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import { NotSupportedError } from './resume/errors.js';
import type { Resumption } from './resume/resumption.js';
import { type Body, bytesOfBody, checkSend, type SendOptions, serviceWord } from './send.js';
import { checkPlain, synchronousGroup } from './synchrony-checks.js';
import type { SynchronousGroups } from './view-synchrony.js';

/** @see Connection.confirmed */
export function confirmation(resumption: Resumption | null): Promise<void> {
  return resumption?.outbox.confirmed() ?? Promise.reject(unconfirmed());
}

const unconfirmed = (): Error => new NotSupportedError('a connection without resume confirms no messages');

/**
 * @param mailbox of a connection that does not come back
 * @param resumption of one that does
 * @see Connection.send
 */
export async function sendOver(
  mailbox: Mailbox,
  resumption: Resumption | null,
  synchrony: SynchronousGroups | null,
  groups: string | readonly string[],
  body: Body,
  options: SendOptions,
): Promise<void> {
  const names = typeof groups === 'string' ? [groups] : groups;
  const { type = 0, confirm = false } = options;
  const group = synchronousGroup(synchrony, names);
  if (confirm && !resumption) throw unconfirmed();
  if (group !== undefined) return await (synchrony as SynchronousGroups).send(group, body, options);
  checkPlain(options);
  const bytes = bytesOfBody(body);
  checkSend(names, type, bytes.length);
  const service = serviceWord(options);
  if (resumption) return await resumption.outbox.keep(service, names, type, [bytes], confirm);
  const code = await mailbox.submit(service, names, type, [bytes]);
  if (code < 0) throw errorOf(code);
}
