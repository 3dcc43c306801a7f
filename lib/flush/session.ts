/** One connection of the flush calls: the layer between its mailbox and what the application receives. */
import type { Mailbox } from '../mailbox/mailbox.js';
import { FlushMailbox, type FlushMessageEvent, type Refusal } from '../ssp/flush-mailbox.js';
import { CONNECTION_CLOSED, ILLEGAL_SESSION } from '../wire/codes.js';

/** What the receive calls hand out. */
export type Received = FlushMessageEvent | Refusal;

export class FlushSession extends FlushMailbox<Received> {
  constructor(mailbox: Mailbox) {
    super(mailbox);
    this.start();
  }

  /** 0, or the answer of a call that finds the connection gone: CONNECTION_CLOSED once, then ILLEGAL_SESSION. */
  loss(): number {
    const { mailbox } = this;
    if (mailbox.state === 'open') return 0;
    if (mailbox.state === 'closed' || mailbox.lossTold) return ILLEGAL_SESSION;
    mailbox.lossTold = true;
    return CONNECTION_CLOSED;
  }

  /** Sends a request of the application, or what the layer makes of one. @returns its answer, with `sent` for success */
  async sent(transmitted: Promise<number>, sent: number): Promise<number> {
    return (await transmitted) < 0 ? this.loss() : sent;
  }

  protected override delivered(event: FlushMessageEvent): void {
    this.keep(event);
  }

  protected override refused(refusal: Refusal): void {
    this.keep(refusal);
  }
}
