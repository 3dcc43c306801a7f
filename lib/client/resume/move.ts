/**
 * A connection on its way from one daemon to the next, while both are there. The first one is read until it ends the session; then
 * the next one is, without what the first has brought. The return in the order is the seam: before it both bring the same.
 */
import { SEND_HIGH_WATER, type Mailbox } from '../../mailbox/mailbox.js';
import { Outbox } from '../../mailbox/outbox.js';
import type { Timer } from '../../util/clock.js';
import type { KeptOutbox } from './kept-outbox.js';
import { Overlap } from './overlap.js';
import type { StreamPosition } from './position.js';
import type { ResumableSession } from './resumable-session.js';

export class Move {
  private readonly timer: Timer;
  /** Whether the next daemon has brought what the first one has. */
  private isThrough = false;

  /**
   * @param limitMs time for the first daemon to end the session
   * @param failed the seam was not found: the connection is to be resumed where it stands
   */
  constructor(
    readonly from: Mailbox,
    readonly to: Mailbox,
    private readonly session: ResumableSession,
    outbox: KeptOutbox,
    limitMs: number,
    private readonly failed: () => void,
  ) {
    // Requests go to the next one; the first one still gets signs of life and questions for lists.
    outbox.detach();
    const transport = from.sendThrough(outbox);
    const { clock } = from.platform;
    from.sendThrough(new Outbox(transport, from.privateGroup, SEND_HIGH_WATER, clock));
    from.onLost = () => this.ended();
    const late = new Error(`the daemon did not let the connection go within ${limitMs} ms`);
    this.timer = clock.after(limitMs, () => from.drop(late)).unref();
  }

  /** Where the session stood in the HELLO to the next daemon. */
  get position(): StreamPosition {
    return this.session.offeredTo(this.to).arrivals.position;
  }

  /** The first daemon is read to its end. */
  begin(): Overlap {
    const { session, to } = this;
    const { count, signals } = session.position;
    return new Overlap(count - session.offeredTo(to).since, signals, {
      caughtUp: () => {
        this.isThrough = true;
        session.continueAt(to);
      },
      broken: () => this.failed(),
    });
  }

  /** One of the connections is lost. What the first daemon has brought by now is handed on, and nothing of the next one before that. */
  end(): void {
    this.close();
    if (!this.isThrough) this.to.kill();
  }

  /** The first daemon is not needed any more. */
  close(): void {
    const { from, timer } = this;
    timer.cancel();
    from.onLost = null;
    if (from.state === 'open') from.drop(new Error('the connection has gone to another daemon'));
  }

  /**
   * Both have brought the same if the return stands in the daemon view of the position in HELLO: daemons of one view have one order.
   * Else the network can have been cut between the two, also if they are together again.
   */
  private ended(): void {
    const { from, session, timer, to } = this;
    timer.cancel();
    const end = from.extension?.ended;
    const view = to.extension?.hello.resume?.position.tag;
    const isSeam = end?.code === 'taken-over' && end.view !== 0n && end.view === view;
    const { since, signals } = session.offeredTo(to);
    const hasBrought = session.position.count > since || session.position.signals.size > signals;
    if (hasBrought && !isSeam) this.failed();
  }
}
