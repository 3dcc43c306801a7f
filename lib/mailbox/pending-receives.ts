/** Calls that wait for a message, answered in the order in which they were made [receive R74]. */
import { Fifo } from '../util/fifo.js';
import { onAbort } from '../util/deferred.js';

/** Tries to answer the call now; false when there is still nothing for it. */
type Attempt = () => boolean;

export class PendingReceives {
  private readonly queue = new Fifo<Attempt>(4);

  get length(): number {
    return this.queue.length;
  }

  /**
   * @param attempt what the call would answer now; undefined to wait for the next occasion
   * @param signal ends the waiting with undefined
   */
  wait<T>(attempt: () => T | undefined, signal?: AbortSignal): Promise<T | undefined> {
    if (signal?.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.queue.remove(waiter);
        resolve(undefined);
      };
      const waiter = (): boolean => {
        const answer = attempt();
        if (answer === undefined) return false;
        off?.();
        resolve(answer);
        return true;
      };
      this.queue.push(waiter);
      const off = signal && onAbort(signal, giveUp);
    });
  }

  /** Answers the calls from the oldest on, up to the first that has to go on waiting. */
  serve(): void {
    for (let waiter = this.queue.peek(); waiter?.(); waiter = this.queue.peek()) this.queue.shift();
  }
}
