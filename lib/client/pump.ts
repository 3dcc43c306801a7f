/** Moves what arrives from the mailbox to the readers, as long as all of them keep up. */
import { warn } from '#report';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import { turn } from '../util/clock.js';

/** Milliseconds of standing still after which a warning names who does not read. */
const STALL_WARNING_MS = 5_000;

/** Messages handed on in one go before the event loop has its turn. */
const BURST = 1_000;

export interface PumpTarget {
  take(arrival: ReceivedMessage): void;
  /**
   * The connection broke, and everything that had arrived has been handed on.
   * @returns where to go on when it is back; null when this is the end
   */
  lost(cause: Error | undefined): Promise<Mailbox | null> | null;
  /** Whether an answer is awaited that comes after what waits: the pump is not paused then, or nobody would ever continue. */
  isAwaiting(): boolean;
}

export class Pump {
  /** Readers that are full. While there are any, the mailbox is left to fill, then the socket, then the sender. */
  private readonly full = new Map<object, string>();
  private go: (() => void) | null = null;
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(
    private mailbox: Mailbox,
    private readonly target: PumpTarget,
  ) {
    this.running = this.run();
  }

  /** A reader is full, or has room again. @param name for the warning */
  block(reader: object, isFull: boolean, name: string): void {
    if (isFull) this.full.set(reader, name);
    else if (this.full.delete(reader)) this.wake();
  }

  /** Messages that have arrived and were not handed on. */
  get waiting(): number {
    return this.stopped ? 0 : this.mailbox.waiting;
  }

  /** Those that are full, in words. */
  get blockers(): string[] {
    return [...this.full.values()];
  }

  /** Looks again whether there is a reason to stand still. */
  wake(): void {
    this.go?.();
  }

  /** Resolves when nothing more is handed on. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    const { clock } = this.mailbox.platform;
    // Whoever waits for the connection gets to know it before the first message.
    await turn(clock);
    while (!this.stopped) {
      const isMore = await this.burst();
      if (this.stopped) return;
      if (isMore) await turn(clock);
      else if (this.mailbox.state === 'open') await this.mailbox.wait();
      else if (!(await this.moved())) return;
    }
  }

  /** @returns false when the connection does not come back */
  private async moved(): Promise<boolean> {
    const next = this.target.lost(this.mailbox.cause);
    const mailbox = next && (await next);
    if (mailbox === null) return false;
    this.mailbox = mailbox;
    return true;
  }

  /** Hands on what is there. Returns true when there may be more. */
  private async burst(): Promise<boolean> {
    for (let count = 0; count < BURST; count++) {
      if (this.mustStand()) await this.stand();
      if (this.stopped) return false;
      const arrival = this.mailbox.take();
      if (arrival === undefined) return false;
      this.target.take(arrival);
    }
    return true;
  }

  private mustStand(): boolean {
    return this.full.size > 0 && !this.stopped && !this.target.isAwaiting();
  }

  private async stand(): Promise<void> {
    const warning = this.mailbox.platform.clock.after(STALL_WARNING_MS, () => this.warn()).unref();
    while (this.mustStand()) {
      await new Promise<void>((resolve) => {
        this.go = resolve;
      });
    }
    warning.cancel();
  }

  private warn(): void {
    const readers = [...this.full.values()].join(', ');
    const { privateGroup } = this.mailbox;
    warn(`${privateGroup} is stalled: nobody reads ${readers}`, 'SspStallWarning');
  }
}
