/** Connecting, the modern way: options checked, errors thrown. */
import { z } from 'zod';
import { errorOf } from '../errors.js';
import { Mailbox } from '../mailbox/mailbox.js';
import { ILLEGAL_PARAM, REJECT_ILLEGAL_NAME } from '../wire/codes.js';
import { isPrivateName } from '../wire/name.js';
import { Connection } from './connection.js';

const schema = z.strictObject({
  address: z.string().default(''),
  name: z.string().default(''),
  timeout: z.number().min(0).default(0),
  signal: z.instanceof(AbortSignal).optional(),
});

export interface ConnectOptions {
  /**
   * Where the daemon is: `port@host` for TCP, `port` for the local socket `/tmp/<port>`. Default: the local socket of
   * port 4803.
   */
  readonly address?: string;
  /** Private name, 1 to 10 characters from `$` to `~`, one of its kind at the daemon; default: the daemon makes one up. */
  readonly name?: string;
  /** Milliseconds for connection and handshake; 0, the default, is no limit. */
  readonly timeout?: number;
  /** Gives up the attempt. Has no effect on the connection once it is there. */
  readonly signal?: AbortSignal;
}

/**
 * Connects to a daemon.
 * @throws IllegalAddressError, CouldNotConnectError, ConnectionClosedError (also when the time is up), the subclasses
 * of RejectedError for what the daemon refuses, IllegalParamError for options that are none, or the signal's reason
 */
export async function connect(options: ConnectOptions = {}): Promise<Connection> {
  const checked = schema.safeParse(options);
  if (!checked.success) throw errorOf(ILLEGAL_PARAM, z.prettifyError(checked.error));
  const { address, name, timeout, signal } = checked.data;
  if (name !== '' && !isPrivateName(name)) throw errorOf(REJECT_ILLEGAL_NAME, name);
  signal?.throwIfAborted();
  const mailbox = await Mailbox.open({ spreadName: address, privateName: name, timeout, signal });
  if (typeof mailbox !== 'number') return new Connection(mailbox);
  signal?.throwIfAborted();
  throw errorOf(mailbox, address === '' ? undefined : address);
}
