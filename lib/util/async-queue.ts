/** A queue that is read by `for await`: items wait for a loop, or calls of `next()` wait for items. */
import { Fifo } from './fifo.js';

type Result<T> = IteratorResult<T, undefined>;

interface Call<T> {
  readonly loop: Loop<T>;
  readonly resolve: (result: Result<T> | Promise<Result<T>>) => void;
}

/** How a queue has ended: with an error, which may be any value, or without one. */
interface Over {
  readonly isFailure: boolean;
  readonly error: unknown;
}

const end: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

export class AsyncQueue<T> {
  private readonly waiting = new Fifo<T>();
  private calls: Call<T>[] = [];
  private over: Over | null = null;

  /** Items that wait. */
  get length(): number {
    return this.waiting.length;
  }

  /** Hands the item to the call that has waited longest, or keeps it. After the end nothing is taken. */
  push(item: T): void {
    if (this.over) return;
    const call = this.calls.shift();
    if (call) {
      this.handed(item);
      call.resolve({ done: false, value: item });
    } else {
      this.waiting.push(item);
      this.kept(item);
    }
  }

  /** No more items: loops end after those that wait; with an error each loop throws it, once. */
  end(error?: Error): void {
    if (this.over) return;
    this.finish({ isFailure: error !== undefined, error });
  }

  /** Ends at once, also after `end`: what waits is thrown away, and each loop throws what is given, once. */
  fail(error: unknown): void {
    while (this.take() !== undefined);
    this.finish({ isFailure: true, error });
  }

  /** The oldest item that waits, taken out. */
  take(): T | undefined {
    const item = this.waiting.shift();
    if (item !== undefined) this.removed(item);
    return item;
  }

  /** What waits, left where it is. */
  items(): T[] {
    return this.waiting.items();
  }

  /**
   * Reads the queue. One loop at a time: what it has not read waits for the next one.
   * @param left called once, when the loop has ended or was left
   */
  loop(left: () => void = () => undefined): AsyncIterableIterator<T> {
    return new Loop({
      next: (loop) => this.next(loop),
      left: (loop) => {
        left();
        const own = this.calls.filter((call) => call.loop === loop);
        this.calls = this.calls.filter((call) => call.loop !== loop);
        for (const { resolve } of own) resolve(end);
      },
    });
  }

  /** An item begins to wait. */
  protected kept(_item: T): void {
    // For queues with a bound.
  }

  /** An item waits no more. */
  protected removed(_item: T): void {
    // For queues with a bound.
  }

  /** A loop is handed an item. */
  protected handed(_item: T): void {
    // For queues of which others know what was read.
  }

  private finish(over: Over): void {
    this.over = over;
    for (const { loop, resolve } of this.calls.splice(0)) resolve(loop.ending(over));
  }

  private next(loop: Loop<T>): Promise<Result<T>> {
    const item = this.take();
    if (item !== undefined) {
      this.handed(item);
      return Promise.resolve({ done: false, value: item });
    }
    if (this.over) return loop.ending(this.over);
    return new Promise((resolve) => this.calls.push({ loop, resolve }));
  }
}

interface Source<T> {
  next(loop: Loop<T>): Promise<Result<T>>;
  left(loop: Loop<T>): void;
}

class Loop<T> implements AsyncIterableIterator<T> {
  private isOver = false;

  constructor(private readonly source: Source<T>) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result<T>> {
    return this.isOver ? Promise.resolve(end) : this.source.next(this);
  }

  /** Left early: calls that still wait take no item. */
  return(): Promise<Result<T>> {
    this.close();
    return Promise.resolve(end);
  }

  /** An error is thrown once. */
  ending({ isFailure, error }: Over): Promise<Result<T>> {
    const isFirst = !this.isOver;
    this.close();
    return isFirst && isFailure ? Promise.reject(error) : Promise.resolve(end);
  }

  private close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.source.left(this);
  }
}
