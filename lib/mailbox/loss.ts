/**
 * What a call answers on a mailbox without messages whose connection is not open any more. SSP tells CONNECTION_CLOSED
 * once and the mailbox is illegal from then on [receive R64]; the plain calls tell it once and NET_ERROR_ON_SESSION
 * until the caller disconnects [session 8.5]. Both tell ILLEGAL_MESSAGE first when a malformed stream was the reason.
 */
import { CONNECTION_CLOSED, ILLEGAL_SESSION, NET_ERROR_ON_SESSION } from '../wire/codes.js';
import type { Mailbox } from './mailbox.js';
import { leave } from './table.js';

/** How a face answers a receive call for want of messages; 0 while the connection is open. */
type LossAnswer = (mailbox: Mailbox, mbox: number) => number;

/** All calls that wait when the connection breaks get CONNECTION_CLOSED [receive R65]. */
export const sspLoss: LossAnswer = (mailbox, mbox) => {
  if (mailbox.state === 'open') return 0;
  if (mailbox.state === 'closed') return ILLEGAL_SESSION;
  const fault = mailbox.takeFault();
  if (fault !== 0) return fault;
  leave(mbox);
  return CONNECTION_CLOSED;
};

export const spLoss: LossAnswer = (mailbox) => {
  if (mailbox.state === 'open') return 0;
  if (mailbox.state === 'closed') return ILLEGAL_SESSION;
  return mailbox.takeFault() || spBroken(mailbox);
};

/** The answer of a plain call that finds the connection broken. */
export function spBroken(mailbox: Mailbox): number {
  if (mailbox.lossTold) return NET_ERROR_ON_SESSION;
  mailbox.lossTold = true;
  return CONNECTION_CLOSED;
}
