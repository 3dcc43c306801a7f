/** How much waits to be received. */
import { ILLEGAL_SESSION } from '../wire/codes.js';
import { mailboxAt } from './table.js';

/**
 * Bytes of messages that have come and were not received, those of an incomplete message included. Node reads sockets
 * between turns: a caller that polls in a loop must wait for something in it.
 * @returns 0 when there is none, also after the connection broke; ILLEGAL_SESSION
 */
export const SSP_poll = (mbox: number): number => mailboxAt(mbox)?.waitingBytes ?? ILLEGAL_SESSION;

/** The same; the 48 header bytes of a message that was too long for a call before do not count [session 8.4]. */
export const SP_poll: (mbox: number) => number = SSP_poll;
