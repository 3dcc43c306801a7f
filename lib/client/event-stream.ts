/**
 * Events on their way to loops. Each loop gets every event. While nobody reads, they wait, up to a bound; then the source
 * is asked to stand still, so nothing is lost and nothing grows.
 */
import { AsyncQueue } from '../util/async-queue.js';
import type { ConnectionEvent } from './event.js';

/** A reader is full when this many events wait for it, or `QUEUE_BYTES` bytes in their bodies. */
export const QUEUE_EVENTS = 1_000;
/** A reader is full when bodies of this many bytes wait for it. */
export const QUEUE_BYTES = 4 * 1024 * 1024;

/**
 * Called with true when the bound of a reader is reached, and with false when half of it is read, or at the end.
 * @param which of several loops it is, such as ` (loop 2 of 2)`; empty for the only one
 */
export type Filled = (reader: object, isFull: boolean, which: string) => void;

/** What an event queue tells its stream. */
interface Home<T extends ConnectionEvent> {
  filled(queue: EventQueue<T>, isFull: boolean): void;
  handed(queue: EventQueue<T>, event: T): void;
}

/** What waits for one reader, up to a bound. */
class EventQueue<T extends ConnectionEvent> extends AsyncQueue<T> {
  private bytes = 0;
  private full = false;

  constructor(private readonly home: Home<T>) {
    super();
  }

  /** The source need not stand still for it any more. */
  release(): void {
    if (this.full) this.fill(false);
  }

  override end(error?: Error): void {
    this.release();
    super.end(error);
  }

  protected override kept(event: T): void {
    this.bytes += bytesOf(event);
    if (!this.full && (this.length >= QUEUE_EVENTS || this.bytes >= QUEUE_BYTES)) this.fill(true);
  }

  protected override removed(event: T): void {
    this.bytes -= bytesOf(event);
    if (this.full && this.length <= QUEUE_EVENTS / 2 && this.bytes <= QUEUE_BYTES / 2) this.fill(false);
  }

  protected override handed(event: T): void {
    this.home.handed(this, event);
  }

  private fill(isFull: boolean): void {
    this.full = isFull;
    this.home.filled(this, isFull);
  }
}

export class EventStream<T extends ConnectionEvent> {
  private over: { readonly error: Error | undefined } | null = null;
  /** Those with a loop, in the order in which the loops were begun. */
  private read: EventQueue<T>[] = [];
  /** What waits for the next loop while there is none. */
  private rest = this.newQueue();
  /** The queue of the first loop that was begun in this turn, and what that has been handed. */
  private opening: { readonly queue: EventQueue<T>; readonly handed: T[] } | null = null;

  /** @param handed called with each event that a loop gets */
  constructor(
    private readonly filled: Filled,
    private readonly handed: ((event: T) => void) | null = null,
  ) {}

  /** Events that wait while there is no loop. */
  get length(): number {
    return this.rest.length;
  }

  /** Hands the event to every loop. Behind the end nothing is taken. */
  push(event: T): void {
    if (this.over) return;
    if (this.read.length === 0) this.rest.push(event);
    else for (const queue of this.read) queue.push(event);
  }

  /** No more events: loops end behind those that wait; with an error each of them throws it, once. */
  end(error?: Error): void {
    if (this.over) return;
    this.over = { error };
    this.rest.end(error);
    for (const queue of this.read) queue.end(error);
  }

  /** The oldest event that waits while there is no loop, taken out. */
  take(): T | undefined {
    return this.rest.take();
  }

  /** What waits while there is no loop, left where it is. */
  waiting(): T[] {
    return this.rest.items();
  }

  /**
   * One more loop. The first one, and one behind those that were left, begins with what waits. One beside others begins
   * with what comes from here on, or with what those get that were begun in this turn.
   */
  loop(): AsyncIterableIterator<T> {
    const { opening } = this;
    const isAlone = this.read.length === 0;
    const queue = isAlone ? this.rest : this.newQueue();
    if (isAlone) this.rest = this.newQueue();
    this.read.push(queue);
    if (opening === null) {
      this.opening = { queue, handed: [] };
      queueMicrotask(() => (this.opening = null));
    } else if (!isAlone) {
      for (const event of [...opening.handed, ...opening.queue.items()]) queue.push(event);
    }
    if (this.over) queue.end(this.over.error);
    return queue.loop(() => this.left(queue));
  }

  /** What the last loop has not read is there for the next one. */
  private left(queue: EventQueue<T>): void {
    this.read = this.read.filter((each) => each !== queue);
    if (this.read.length === 0) this.rest = queue;
    else queue.release();
  }

  private newQueue(): EventQueue<T> {
    return new EventQueue({
      filled: (queue, isFull) => this.filled(queue, isFull, this.which(queue)),
      handed: (queue, event) => {
        this.handed?.(event);
        if (this.opening?.queue === queue) this.opening.handed.push(event);
      },
    });
  }

  private which(queue: EventQueue<T>): string {
    const count = this.read.length;
    const place = this.read.indexOf(queue);
    return place < 0 || count < 2 ? '' : ` (loop ${place + 1} of ${count})`;
  }
}

const bytesOf = (event: ConnectionEvent): number => ('body' in event ? event.body.length : 0);
