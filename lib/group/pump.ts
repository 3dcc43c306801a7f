/** Moves what arrives from the mailbox to the readers, as long as all of them keep up. */
import type { Arrival } from '../mailbox/arrival.js';
import type { Mailbox } from '../mailbox/mailbox.js';

/** Milliseconds of standing still after which a warning names who does not read. */
const STALL_WARNING = 5_000;

/** Messages handed on in one go before the event loop has its turn. */
const BURST = 1_000;

export interface PumpTarget {
  take(arrival: Arrival): void;
  /** The connection broke, and everything that had arrived has been handed on. */
  lost(cause: Error | undefined): void;
}

export class Pump {
  /** Readers whose queue is full. While there are any, the mailbox is left to fill, then the socket, then the sender. */
  private readonly full = new Set<string>();
  private go: (() => void) | null = null;
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly target: PumpTarget,
  ) {
    this.running = this.run();
  }

  /** A reader's queue is full, or has room again. @param who for the warning */
  block(who: string, isFull: boolean): void {
    if (isFull) this.full.add(who);
    else this.full.delete(who);
    if (this.full.size === 0) this.resume();
  }

  /** Resolves when nothing more is handed on. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.resume();
    await this.running;
  }

  private async run(): Promise<void> {
    const { mailbox } = this;
    // The maker of this object gets to know it before the first message.
    await Promise.resolve();
    while (!this.stopped) {
      const wasBusy = await this.burst();
      if (this.stopped) return;
      if (wasBusy) await new Promise<void>((resolve) => setImmediate(resolve));
      else if (mailbox.state === 'open') await mailbox.wait();
      else return this.target.lost(mailbox.cause);
    }
  }

  /** Hands on what is there. Returns true when there may be more. */
  private async burst(): Promise<boolean> {
    for (let count = 0; count < BURST; count++) {
      if (this.full.size > 0) await this.unblocked();
      if (this.stopped) return false;
      const arrival = this.mailbox.take();
      if (arrival === undefined) return false;
      this.target.take(arrival);
    }
    return true;
  }

  private async unblocked(): Promise<void> {
    const warning = setTimeout(() => this.warn(), STALL_WARNING).unref();
    while (this.full.size > 0 && !this.stopped) {
      await new Promise<void>((resolve) => {
        this.go = resolve;
      });
    }
    clearTimeout(warning);
  }

  private warn(): void {
    const who = [...this.full].join(', ');
    process.emitWarning(`${this.mailbox.privateGroup} stands still: nobody reads ${who}`, 'SspStallWarning');
  }

  private resume(): void {
    this.go?.();
    this.go = null;
  }
}
