/** Connecting, for the SSP and the SP calls: options in, the record of the call out. */
import type { LookupFunction } from 'node:net';
import type { TlsOptions } from '../mailbox/transport.js';
import { Mailbox } from '../mailbox/mailbox.js';
import {
  ACCEPT_SESSION,
  CONNECTION_CLOSED,
  ILLEGAL_PARAM,
  ILLEGAL_SESSION,
  ILLEGAL_TIME,
  REJECT_ILLEGAL_NAME,
} from '../wire/codes.js';
import type { Authenticator } from '../wire/handshake/authentication.js';
import { isByteText } from '../wire/name.js';
import { enter, type Entered, leave, mailboxAt } from './mailbox-table.js';
import { secureFault, type SecureMailboxOptions } from './secure-options.js';
import { enterSecure, secureAt } from './secure-table.js';

/** The options of `SSP_connect`; each has a default. */
export interface ConnectOptions {
  /** Whether membership messages are wanted, as in C any number but 0; default true. */
  group_membership?: boolean | number | undefined;
  /** 0 or 1, anything above counts as 1; no daemon makes a difference. */
  priority?: number | undefined;
  /** Limit for connection and handshake in milliseconds; 0, the default, is none, below 0 has passed already. */
  timeout?: number | undefined;
  /** Ends the attempt with CONNECTION_CLOSED. */
  signal?: AbortSignal | undefined;
  /** One to three methods, all of which the daemon must offer; default NULL. */
  auth?: Authenticator[] | undefined;
  /** Directory of the daemons' Unix sockets; default `/tmp`. */
  unixDir?: string | undefined;
  /** For an address `tls://<host>:<port>`. */
  tls?: TlsOptions | undefined;
  /** Milliseconds without a sign of life from the daemon's machine that end the connection; default 15000, least 1000. */
  silenceTimeoutMs?: number | undefined;
  /** Resolver of host names, as `node:net` takes it. */
  lookup?: LookupFunction | undefined;
  /** Messages that may wait to be received before the socket is left unread. */
  queueMessages?: number | undefined;
  /** Bytes of messages that may wait to be received before the socket is left unread. */
  queueBytes?: number | undefined;
  /**
   * Makes the groups of the mailbox secure: encrypted end to end, with a fresh key for every view. Only the SSP calls take
   * such a mailbox. Memberships are always on. Default: no encryption.
   */
  secure?: SecureMailboxOptions | undefined;
}

/** What a connect call answers. */
export interface ConnectResult {
  /** ACCEPT_SESSION, or why there is no connection. */
  ret: number;
  /** Number of the mailbox for all other calls; -1 when there is none. */
  mbox: number;
  /** Own private group, `#name#daemon`; empty when there is none. */
  private_group: string;
}

/**
 * @param spreadName nullish for the default daemon, @param privateName nullish for a name the daemon makes up
 * @param isLayered whether the calls of another module have the mailbox for themselves
 * @returns ILLEGAL_TIME for a time that is no finite number, ILLEGAL_PARAM for other arguments that are not what they
 * should be, REJECT_QUOTA for the 1025th mailbox of the process; see `dial` for the rest
 */
export async function openMailbox(
  spreadName: string | null | undefined,
  privateName: string | null | undefined,
  options: ConnectOptions | null | undefined,
  isLayered: boolean,
): Promise<Entered | number> {
  const { timeout = 0, secure, ...others } = options ?? {};
  if (!Number.isFinite(timeout)) return ILLEGAL_TIME;
  // Only SSP_connect takes it. A mailbox that is not what was asked for must not come.
  if (secure !== undefined) return ILLEGAL_PARAM;
  // The schema library is most of what loading this library costs, and is needed here only.
  const { checkedConnect } = await import('../mailbox/connect-schema.js');
  const checked = checkedConnect([spreadName ?? '', privateName ?? ''], others);
  if (!checked) return ILLEGAL_PARAM;
  const [names, { group_membership: membership, auth: authenticators, ...rest }] = checked;
  if (!isByteText(names[1])) return REJECT_ILLEGAL_NAME;
  const dialled = { ...rest, spreadName: names[0], name: names[1] };
  return await enter(() => Mailbox.open({ ...dialled, membership, authenticators, timeout }), isLayered);
}

/** What a connect call answers for this. */
export const connectResult = (entered: Entered | number): ConnectResult =>
  typeof entered === 'number'
    ? failed(entered)
    : { ret: ACCEPT_SESSION, mbox: entered.mbox, private_group: entered.mailbox.privateGroup };

/** The same for the calls of this module. */
const connect = async (
  spreadName: string | null | undefined,
  privateName: string | null | undefined,
  options?: ConnectOptions | null,
): Promise<ConnectResult> => connectResult(await openMailbox(spreadName, privateName, options, false));

const failed = (ret: number): ConnectResult => ({ ret, mbox: -1, private_group: '' });

// SSP: coming and going.

/**
 * Connects to a daemon.
 * @param spread_name `4803@host`, or another form that `parseAddress` takes; nullish means the Unix socket of port 4803
 * @param private_name 1 to 10 characters from `$` to `~`, cut after ten; nullish or empty: the daemon makes one up
 * @returns `ret` ACCEPT_SESSION, or ILLEGAL_SPREAD, COULD_NOT_CONNECT, CONNECTION_CLOSED (also when the time is up or
 * the signal comes), ILLEGAL_TIME, ILLEGAL_PARAM, or one of the REJECT codes; with `secure` ENCRYPTION_NOT_SUPPORTED for an
 * unknown suite, KEY_AGR_NOT_SUPPORTED for an unknown provider
 */
export async function SSP_connect(
  spread_name?: string | null,
  private_name?: string | null,
  options?: ConnectOptions,
): Promise<ConnectResult> {
  const { secure, ...others } = options ?? {};
  if (secure === undefined) return await connect(spread_name, private_name, options);
  const fault = secureFault(secure);
  if (fault !== 0) return failed(fault);
  // A program without secure mailboxes loads no cryptography.
  const { keysOf, SecureSession } = await import('./secure-session.js');
  const keys = keysOf(secure);
  if (typeof keys === 'number') return failed(keys);
  const withMemberships = { ...others, group_membership: true };
  const entered = await openMailbox(spread_name, private_name, withMemberships, true);
  if (typeof entered !== 'number') {
    const { mbox, mailbox } = entered;
    const limits = { messages: others.queueMessages, bytes: others.queueBytes };
    enterSecure(mbox, new SecureSession(mbox, mailbox, secure, keys, limits));
  }
  return connectResult(entered);
}

/**
 * Tells the daemon and closes. Messages that wait are lost, calls that wait end with ILLEGAL_SESSION [receive R65].
 * @returns 0 when the daemon has closed too (two seconds at most), or ILLEGAL_SESSION
 */
export async function SSP_disconnect(mbox: number): Promise<number> {
  const secure = secureAt(mbox);
  if (secure === undefined) return await SP_disconnect(mbox);
  leave(mbox);
  await secure.close();
  return 0;
}

/**
 * Closes without telling the daemon, which then sees a broken connection.
 * @returns 0, or ILLEGAL_SESSION
 */
export function SSP_kill(mbox: number): number {
  const secure = secureAt(mbox);
  if (secure === undefined) return SP_kill(mbox);
  leave(mbox);
  secure.kill();
  return 0;
}

// The plain Spread calls for coming and going.

/** A time limit as the C library takes it. */
export interface Time {
  /** Seconds, from 0. */
  sec: number;
  /** Microseconds, from 0 to 999999. */
  usec: number;
}

/** What the C calls have no place for. */
export type SpConnectOptions = Omit<ConnectOptions, 'priority' | 'group_membership' | 'timeout' | 'secure'>;

/** @returns as `SSP_connect`; there is no time limit */
export const SP_connect = (
  spread_name: string | null,
  private_name: string | null,
  priority: number,
  group_membership: boolean | number,
  options?: SpConnectOptions,
): Promise<ConnectResult> => connect(spread_name, private_name, { ...options, priority, group_membership });

/**
 * The same with a limit for connection and handshake: CONNECTION_CLOSED when it has passed, which a negative one has
 * at once; none when both are 0.
 * @returns ILLEGAL_TIME when seconds and microseconds have different signs, or the latter reach a second
 */
export async function SP_connect_timeout(
  spread_name: string | null,
  private_name: string | null,
  priority: number,
  group_membership: boolean | number,
  time_out: Time,
  options?: SpConnectOptions,
): Promise<ConnectResult> {
  const { sec, usec } = time_out ?? { sec: Number.NaN, usec: 0 };
  if (!Number.isInteger(sec) || !Number.isInteger(usec)) return failed(ILLEGAL_TIME);
  if (Math.abs(usec) >= 1_000_000 || sec * usec < 0) return failed(ILLEGAL_TIME);
  if (sec < 0 || usec < 0) return failed(CONNECTION_CLOSED);
  const timeout = sec * 1000 + usec / 1000;
  return connect(spread_name, private_name, { ...options, priority, group_membership, timeout });
}

/** Frees the mailbox, also a broken one; tells the daemon when there is one. @returns 0, or ILLEGAL_SESSION */
export async function SP_disconnect(mbox: number): Promise<number> {
  const mailbox = mailboxAt(mbox);
  if (mailbox === undefined) return ILLEGAL_SESSION;
  leave(mbox);
  await mailbox.disconnect();
  return 0;
}

/** Frees the mailbox without telling the daemon. @returns 0, or ILLEGAL_SESSION */
export function SP_kill(mbox: number): number {
  const mailbox = mailboxAt(mbox);
  if (mailbox === undefined) return ILLEGAL_SESSION;
  leave(mbox);
  mailbox.kill();
  return 0;
}
