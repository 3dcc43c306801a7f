/** Events for one loop at a time: what waits, and who waits for it. */
import { Fifo } from './fifo.js';

type Result<T> = IteratorResult<T, undefined>;

export class AsyncQueue<T> {
  private readonly queue = new Fifo<T>();
  private calls: ((result: Result<T>) => void)[] = [];
  private ended = false;

  push(event: T): void {
    if (this.ended) return;
    const call = this.calls.shift();
    if (call) call({ done: false, value: event });
    else this.queue.push(event);
  }

  /** Loops end behind what waits. */
  end(): void {
    this.ended = true;
    for (const call of this.calls.splice(0)) call({ done: true, value: undefined });
  }

  /** @param left called when the loop is left */
  loop(left: () => void): AsyncIterableIterator<T> {
    const loop: AsyncIterableIterator<T> = {
      next: () => this.next(),
      return: () => {
        left();
        for (const call of this.calls.splice(0)) call({ done: true, value: undefined });
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => loop,
    };
    return loop;
  }

  private next(): Promise<Result<T>> {
    const event = this.queue.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.calls.push(resolve));
  }
}
