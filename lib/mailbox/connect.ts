/** Connecting, for both faces: options in, the record of the call out. */
import type { LookupFunction } from 'node:net';
import { ACCEPT_SESSION, ILLEGAL_PARAM, ILLEGAL_TIME, REJECT_ILLEGAL_NAME } from '../wire/codes.js';
import { isByteText } from '../wire/name.js';
import type { Authenticator } from '../wire/handshake/authenticator.js';
import type { TlsOptions } from './dial.js';
import { Mailbox } from './mailbox.js';
import { enter } from './table.js';

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
  silenceTimeout?: number | undefined;
  /** Resolver of host names, as `node:net` takes it. */
  lookup?: LookupFunction | undefined;
  /** Messages, and bytes of messages, that may wait to be received before the socket is left unread. */
  queueMessages?: number | undefined;
  queueBytes?: number | undefined;
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
 * @returns ILLEGAL_TIME for a time that is no finite number, ILLEGAL_PARAM for other arguments that are not what they
 * should be, REJECT_QUOTA for the 1025th mailbox of the process; see `dial` for the rest
 */
export async function connect(
  spreadName: string | null | undefined,
  privateName: string | null | undefined,
  options?: ConnectOptions | null,
): Promise<ConnectResult> {
  const { timeout = 0, ...others } = options ?? {};
  if (!Number.isFinite(timeout)) return failed(ILLEGAL_TIME);
  // The schema library is most of what loading this library costs, and is needed here only.
  const { checkedConnect } = await import('./connect-schema.js');
  const checked = checkedConnect([spreadName ?? '', privateName ?? ''], others);
  if (!checked) return failed(ILLEGAL_PARAM);
  const [names, { group_membership: membership, auth: authenticators, ...rest }] = checked;
  if (!isByteText(names[1])) return failed(REJECT_ILLEGAL_NAME);
  const dialled = { ...rest, spreadName: names[0], privateName: names[1] };
  const entered = await enter(() => Mailbox.open({ ...dialled, membership, authenticators, timeout }));
  if (typeof entered === 'number') return failed(entered);
  return { ret: ACCEPT_SESSION, mbox: entered.mbox, private_group: entered.mailbox.privateGroup };
}

export const failed = (ret: number): ConnectResult => ({ ret, mbox: -1, private_group: '' });
