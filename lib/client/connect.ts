/** `connect` of the client API: options checked, errors thrown. */
import { errorOf } from '../errors.js';
import { failureError } from '../mailbox/dial-failure.js';
import { Mailbox } from '../mailbox/mailbox.js';
import { platformOf } from '../mailbox/platform.js';
import { REJECT_ILLEGAL_NAME } from '../wire/codes.js';
import { passwordAuthenticator } from '../wire/handshake/authentication.js';
import { isPrivateName } from '../wire/name.js';
import { Connection } from './connection.js';
import type { ConnectOptions } from './options.js';

/**
 * Connects to a daemon. An open connection keeps the process alive.
 * @throws IllegalAddressError, CouldNotConnectError (also when TLS fails, or the time is up; `cause` is what the socket or
 * TLS said), ConnectionClosedError when the handshake breaks off, the subclasses of RejectedError for what the daemon
 * refuses, IllegalParamError for options that are none, or the signal's reason
 */
export async function connect(options: ConnectOptions = {}): Promise<Connection> {
  const { checkedConnectOptions } = await import('./connect-schema.js');
  const { address, name, timeoutMs, silenceTimeoutMs, signal, auth, tls } = checkedConnectOptions(options);
  if (name !== '' && !isPrivateName(name)) throw errorOf(REJECT_ILLEGAL_NAME, name);
  signal?.throwIfAborted();
  const authenticators = auth && [passwordAuthenticator(auth.user, auth.password)];
  const dialled = {
    spreadName: address,
    name,
    timeout: timeoutMs,
    silenceTimeoutMs,
    signal,
    tls,
    authenticators,
    platform: platformOf(options),
  };
  const mailbox = await Mailbox.dial(dialled);
  if (mailbox instanceof Mailbox && signal?.aborted) await mailbox.disconnect();
  signal?.throwIfAborted();
  if (mailbox instanceof Mailbox) return new Connection(mailbox);
  throw failureError(mailbox, dialled);
}
