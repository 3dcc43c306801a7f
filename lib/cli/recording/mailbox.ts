/** The bare connection of a recorder: frames as they are delivered, whole views among them. */
import { failureError } from '../../mailbox/failure-text.js';
import { Mailbox } from '../../mailbox/mailbox.js';
import { passwordAuthenticator } from '../../wire/index.js';
import { type Access, CONNECT_LIMIT_MS, connectFailure, credentials, tlsOf } from '../session.js';

/** @throws Failure, or the reason of `stop` */
export async function openMailbox(access: Access, name: string, stop: AbortSignal): Promise<Mailbox> {
  const auth = credentials();
  const options = {
    spreadName: access.address,
    name,
    tls: tlsOf(access),
    membership: true,
    timeout: CONNECT_LIMIT_MS,
    signal: stop,
    authenticators: auth && [passwordAuthenticator(auth.user, auth.password)],
  };
  const opened = await Mailbox.dial(options);
  stop.throwIfAborted();
  if (opened instanceof Mailbox) return opened;
  throw connectFailure(failureError(opened, options), { ...access, name });
}
