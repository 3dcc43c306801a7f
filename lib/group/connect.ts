/** Connecting, the modern way: options checked, errors thrown. */
import { errorOf } from '../errors.js';
import { parseAddress } from '../mailbox/address.js';
import { Mailbox } from '../mailbox/mailbox.js';
import { CONNECTION_CLOSED, REJECT_ILLEGAL_NAME } from '../wire/codes.js';
import { passwordAuthenticator } from '../wire/handshake/authenticator.js';
import { DEFAULT_PORT } from '../wire/limits.js';
import { isPrivateName } from '../wire/name.js';
import { Connection } from './connection.js';
import type { ConnectOptions } from './options.js';

/**
 * Connects to a daemon. An open connection keeps the process alive.
 * @throws IllegalAddressError, CouldNotConnectError, ConnectionClosedError (also when the time is up), the subclasses
 * of RejectedError for what the daemon refuses, IllegalParamError for options that are none, or the signal's reason
 */
export async function connect(options: ConnectOptions = {}): Promise<Connection> {
  const { checkedConnectOptions } = await import('./connect-schema.js');
  const { address, name, timeout, signal, auth, tls } = checkedConnectOptions(options);
  if (name !== '' && !isPrivateName(name)) throw errorOf(REJECT_ILLEGAL_NAME, name);
  signal?.throwIfAborted();
  const begin = performance.now();
  const authenticators = auth && [passwordAuthenticator(auth.user, auth.password)];
  const mailbox = await Mailbox.open({
    spreadName: address,
    privateName: name,
    timeout,
    signal,
    tls,
    authenticators,
  });
  if (typeof mailbox !== 'number' && signal?.aborted) await mailbox.disconnect();
  signal?.throwIfAborted();
  if (typeof mailbox !== 'number') return new Connection(mailbox);
  if (parseAddress(address) === null) {
    throw errorOf(mailbox, `"${address}" is none of <port>@<host>, tls://<host>:<port>, <port>`);
  }
  const where = address === '' ? String(DEFAULT_PORT) : address;
  const isLate = mailbox === CONNECTION_CLOSED && timeout > 0 && performance.now() - begin >= timeout - 1;
  throw errorOf(mailbox, isLate ? `${where} did not accept within ${timeout} ms` : where);
}
