/**
 * Events on their way to one reader: an asynchronous iteration with a bound. While nobody reads, up to `limit` events
 * wait; then the source is asked to stand still, so nothing is lost and nothing grows.
 */

interface Taker<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

export class EventStream<T> implements AsyncIterableIterator<T, undefined, void> {
  private queue: T[] = [];
  private head = 0;
  private takers: Taker<T>[] = [];
  private ended = false;
  private error: Error | null = null;

  private full = false;

  /** @param filled called with true when `limit` events wait, and with false when half of them are read */
  constructor(
    private readonly limit: number,
    private readonly filled: (isFull: boolean) => void,
  ) {}

  /** Events that wait. */
  get length(): number {
    return this.queue.length - this.head;
  }

  push(event: T): void {
    if (this.ended) return;
    const taker = this.takers.shift();
    if (taker) taker.resolve({ done: false, value: event });
    else this.queue.push(event);
    if (!this.full && this.length >= this.limit) this.filled((this.full = true));
  }

  /** No more events: the iteration ends behind those that wait; with an error it throws that, once. */
  end(error?: Error): void {
    if (this.ended) return;
    this.ended = true;
    const takers = this.takers;
    this.takers = [];
    for (const taker of takers) {
      if (error) taker.reject(error);
      else taker.resolve({ done: true, value: undefined });
      error = undefined;
    }
    this.error = error ?? null;
  }

  /** Everything that waits, taken out. */
  takeAll(): T[] {
    const events = this.queue.slice(this.head);
    this.queue = [];
    this.head = 0;
    this.relax();
    return events;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.length > 0) return Promise.resolve({ done: false, value: this.shift() });
    if (this.error) {
      const { error } = this;
      this.error = null;
      return Promise.reject(error);
    }
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.takers.push({ resolve, reject }));
  }

  /** A loop was left early. What waits stays for the next loop. */
  return(): Promise<IteratorResult<T, undefined>> {
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private shift(): T {
    const event = this.queue[this.head++] as T;
    if (this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    this.relax();
    return event;
  }

  private relax(): void {
    if (this.full && this.length <= this.limit / 2) this.filled((this.full = false));
  }
}
