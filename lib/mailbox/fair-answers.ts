/**
 * Decides when senders learn that the kernel has their bytes. As long as the kernel takes everything at once, a program that awaits
 * each send would never let the event loop run; so whenever a number of bytes has been answered, one answer waits for a turn of the loop.
 */
import type { Clock } from '../util/clock.js';

export class FairAnswers {
  /** Bytes answered since the last answer that waited. */
  private bytes = 0;

  /** @param limit bytes that are answered before an answer waits */
  constructor(
    private readonly clock: Pick<Clock, 'soon'>,
    private readonly limit: number,
  ) {}

  /** @param bytes that the kernel has @param answer called at once, or when the sockets have had their turn */
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
