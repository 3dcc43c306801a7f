/**
 * Events on their way to loops. While nobody reads, they wait, up to a bound; then the source is asked to stand still,
 * so nothing is lost and nothing grows.
 */
import { Fifo } from '../mailbox/fifo.js';
import type { ConnectionEvent } from './event.js';

/** A reader is full when this many events wait for it, or this many bytes in their bodies. */
export const QUEUE_EVENTS = 1_000;
export const QUEUE_BYTES = 4 * 1024 * 1024;

type Result<T> = IteratorResult<T, undefined>;

/** A `next()` that waits for an event. */
interface Call<T> {
  readonly loop: object;
  readonly resolve: (result: Result<T> | Promise<Result<T>>) => void;
}

const end: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

export class EventStream<T extends ConnectionEvent> {
  private readonly queue = new Fifo<T>();
  private bytes = 0;
  private calls: Call<T>[] = [];
  /** Loops that were left, or were told the error. */
  private readonly over = new WeakSet<object>();
  private full = false;
  private ended = false;
  private error: Error | undefined;

  /** @param filled called with true when the bound is reached, and with false when half of it is read, or at the end */
  constructor(private readonly filled: (isFull: boolean) => void) {}

  /** Events that wait. */
  get length(): number {
    return this.queue.length;
  }

  /** Hands the event to the call that has waited longest, or keeps it. Behind the end nothing is taken. */
  push(event: T): void {
    if (this.ended) return;
    const call = this.calls.shift();
    if (call) return call.resolve({ done: false, value: event });
    this.queue.push(event);
    this.bytes += bytesOf(event);
    if (!this.full && (this.length >= QUEUE_EVENTS || this.bytes >= QUEUE_BYTES)) this.fill(true);
  }

  /** No more events: loops end behind those that wait; with an error each of them throws it, once. */
  end(error?: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.error = error;
    for (const { loop, resolve } of this.calls.splice(0)) resolve(this.ending(loop));
    if (this.full) this.fill(false);
  }

  /** The oldest event, taken out. */
  take(): T | undefined {
    const event = this.queue.shift();
    if (event === undefined) return undefined;
    this.bytes -= bytesOf(event);
    if (this.full && this.length <= QUEUE_EVENTS / 2 && this.bytes <= QUEUE_BYTES / 2) this.fill(false);
    return event;
  }

  /** What waits, left where it is. */
  waiting(): T[] {
    const events: T[] = [];
    for (let rest = this.length; rest > 0; rest--) {
      const event = this.queue.shift() as T;
      this.queue.push(event);
      events.push(event);
    }
    return events;
  }

  /** One more loop. Several share the events: each event goes to one of them. */
  loop(): AsyncIterableIterator<T> {
    const loop: AsyncIterableIterator<T> = {
      next: () => this.next(loop),
      return: () => this.leave(loop),
      [Symbol.asyncIterator]: () => loop,
    };
    return loop;
  }

  private next(loop: object): Promise<Result<T>> {
    if (this.over.has(loop)) return Promise.resolve(end);
    const event = this.take();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.ended) return this.ending(loop);
    return new Promise((resolve) => this.calls.push({ loop, resolve }));
  }

  private ending(loop: object): Promise<Result<T>> {
    const { error } = this;
    if (error === undefined || this.over.has(loop)) return Promise.resolve(end);
    this.over.add(loop);
    return Promise.reject(error);
  }

  /** A loop was left early: calls of its that still wait take no event, and what waits stays for the next loop. */
  private leave(loop: object): Promise<Result<T>> {
    this.over.add(loop);
    const calls = this.calls.filter((call) => call.loop === loop);
    this.calls = this.calls.filter((call) => call.loop !== loop);
    for (const { resolve } of calls) resolve(end);
    return Promise.resolve(end);
  }

  private fill(isFull: boolean): void {
    this.full = isFull;
    this.filled(isFull);
  }
}

const bytesOf = (event: ConnectionEvent): number => ('body' in event ? event.body.length : 0);
