/** The SSP calls that secure mailboxes have besides [secure-groups 8]. */
import { ILLEGAL_GROUP, ILLEGAL_SESSION } from '../wire/codes.js';
import { mailboxAt } from './mailbox-table.js';
import { type KeyResult, secureAt } from './secure-table.js';

/**
 * Answers a flush request that was received: nothing more is sent to the group before the next view.
 * @returns 0 once for each request; FLUSH_OK_ALREADY_SENT a second time, and without a request; INVALID_PARAM for a missing
 * group; ILLEGAL_GROUP for a group that is not joined or is being left, and on a mailbox that is not secure; ILLEGAL_SESSION;
 * CONNECTION_CLOSED
 */
export const SSP_flush = (mbox: number, group: string): Promise<number> =>
  secureAt(mbox)?.flushGroup(group) ?? Promise.resolve(notSecure(mbox));

/**
 * A key for the use of the application, the same at all members of the view: 32 bytes that are derived from the key of the
 * group and tell nothing of it. Other after each view, and after each new key within a view.
 * @returns `ret` 0 with `key`; INVALID_PARAM for a missing group; ILLEGAL_GROUP for a group that is not joined or is being
 * left, while a key is agreed and until the new view is received, without a part in the key, and on a mailbox that is not
 * secure; ILLEGAL_SESSION
 */
export const SSP_get_key = (mbox: number, group: string): KeyResult =>
  secureAt(mbox)?.keyOf(group) ?? { ret: notSecure(mbox) };

/** A mailbox that is not secure has no group that is. */
const notSecure = (mbox: number): number => (mailboxAt(mbox) === undefined ? ILLEGAL_SESSION : ILLEGAL_GROUP);
