/**
 * `connect` of the client API. The client is loaded with the first call: a program that imports the library to connect later,
 * or perhaps never, begins without a hundred modules.
 */
import type { Connection } from './connection.js';
import type { ConnectOptions } from './options.js';

/**
 * Connects to a daemon. An open connection keeps the process alive, and so does one that looks for a daemon.
 * @throws IllegalAddressError, CouldNotConnectError (also when TLS fails, or the time is up; `cause` is what the socket or
 * TLS said), ConnectionClosedError when the handshake breaks off, the subclasses of RejectedError for what the daemon
 * refuses, IllegalParamError for options that are none, or the signal's reason. With several addresses CouldNotConnectError
 * says what each of them has answered
 */
export async function connect(options: ConnectOptions = {}): Promise<Connection> {
  const { connectNow } = await import('./connect-now.js');
  return await connectNow(options);
}
