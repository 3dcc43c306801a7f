/** The plain Spread calls for coming and going. */
import { CONNECTION_CLOSED, ILLEGAL_TIME } from '../wire/codes.js';
import { connect, type ConnectOptions, type ConnectResult, failed } from './connect.js';
import { SSP_disconnect, SSP_kill } from './ssp-connect.js';

/** A time limit as the C library takes it. */
export interface Time {
  sec: number;
  usec: number;
}

/** What the C calls have no place for. */
export type SpConnectOptions = Omit<ConnectOptions, 'priority' | 'group_membership' | 'timeout'>;

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
export const SP_disconnect: (mbox: number) => Promise<number> = SSP_disconnect;

/** Frees the mailbox without telling the daemon. @returns 0, or ILLEGAL_SESSION */
export const SP_kill: (mbox: number) => number = SSP_kill;
