/**
 * When senders hear that the kernel has their bytes. As long as it takes everything at once, a program that awaits each send
 * would never let the event loop have its turn; so an answer waits for that whenever a limit of bytes is reached.
 */
import type { Clock } from '../util/clock.js';

export class FairAnswers {
  /** Bytes that were answered since an answer waited. */
  private bytes = 0;

  /** @param limit bytes that are answered at once */
  constructor(
    private readonly clock: Pick<Clock, 'soon'>,
    private readonly limit: number,
  ) {}

  /** @param bytes that the kernel has @param answer called at once, or when the sockets had their turn */
  give(bytes: number, answer: () => void): void {
    this.bytes += bytes;
    if (this.bytes < this.limit) {
      answer();
      return;
    }
    this.bytes = 0;
    this.clock.soon(answer);
  }
}
