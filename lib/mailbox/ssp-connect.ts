/** SSP: coming and going. */
import { ILLEGAL_SESSION } from '../wire/codes.js';
import { connect, type ConnectOptions, type ConnectResult } from './connect.js';
import { leave, mailboxAt } from './table.js';

/**
 * Connects to a daemon.
 * @param spread_name `4803@host`, or another form that `parseAddress` takes; nullish means the Unix socket of port 4803
 * @param private_name 1 to 10 characters from `$` to `~`, cut after ten; nullish or empty: the daemon makes one up
 * @returns `ret` ACCEPT_SESSION, or ILLEGAL_SPREAD, COULD_NOT_CONNECT, CONNECTION_CLOSED (also when the time is up or
 * the signal comes), ILLEGAL_TIME, ILLEGAL_PARAM, or one of the REJECT codes
 */
export const SSP_connect = (
  spread_name?: string | null,
  private_name?: string | null,
  options?: ConnectOptions,
): Promise<ConnectResult> => connect(spread_name, private_name, options);

/**
 * Tells the daemon and closes. Messages that wait are lost, calls that wait end with ILLEGAL_SESSION [receive R65].
 * @returns 0 when the daemon has closed too (two seconds at most), or ILLEGAL_SESSION
 */
export async function SSP_disconnect(mbox: number): Promise<number> {
  const mailbox = mailboxAt(mbox);
  if (mailbox === undefined) return ILLEGAL_SESSION;
  leave(mbox);
  await mailbox.disconnect();
  return 0;
}

/**
 * Closes without telling the daemon, which then sees a broken connection.
 * @returns 0, or ILLEGAL_SESSION
 */
export function SSP_kill(mbox: number): number {
  const mailbox = mailboxAt(mbox);
  if (mailbox === undefined) return ILLEGAL_SESSION;
  leave(mbox);
  mailbox.kill();
  return 0;
}
