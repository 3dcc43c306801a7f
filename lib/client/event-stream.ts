/**
 * Events on their way to loops. Each loop gets every event. While nobody reads, they wait, up to a bound; then the source
 * is asked to stand still, so nothing is lost and nothing grows.
 */
import { Fifo } from '../util/fifo.js';
import type { ConnectionEvent } from './event.js';

/** A reader is full when this many events wait for it, or this many bytes in their bodies. */
export const QUEUE_EVENTS = 1_000;
export const QUEUE_BYTES = 4 * 1024 * 1024;

type Result<T> = IteratorResult<T, undefined>;
type Call<T> = (result: Result<T> | Promise<Result<T>>) => void;

/**
 * Called with true when the bound of a reader is reached, and with false when half of it is read, or at the end.
 * @param which of several loops it is, such as ` (loop 2 of 2)`; empty for the only one
 */
export type Filled = (reader: object, isFull: boolean, which: string) => void;

const end: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** What waits for one reader. */
class EventBuffer<T extends ConnectionEvent> {
  private readonly queue = new Fifo<T>();
  private bytes = 0;
  private full = false;

  constructor(private readonly filled: (backlog: EventBuffer<T>, isFull: boolean) => void) {}

  get length(): number {
    return this.queue.length;
  }

  push(event: T): void {
    this.queue.push(event);
    this.bytes += bytesOf(event);
    if (!this.full && (this.length >= QUEUE_EVENTS || this.bytes >= QUEUE_BYTES)) this.fill(true);
  }

  shift(): T | undefined {
    const event = this.queue.shift();
    if (event === undefined) return undefined;
    this.bytes -= bytesOf(event);
    if (this.full && this.length <= QUEUE_EVENTS / 2 && this.bytes <= QUEUE_BYTES / 2) this.fill(false);
    return event;
  }

  /** All of it, left where it is. */
  events(): T[] {
    const events: T[] = [];
    for (let rest = this.length; rest > 0; rest--) {
      const event = this.queue.shift() as T;
      this.queue.push(event);
      events.push(event);
    }
    return events;
  }

  /** Nobody is asked to stand still for it any more. */
  release(): void {
    if (this.full) this.fill(false);
  }

  private fill(isFull: boolean): void {
    this.full = isFull;
    this.filled(this, isFull);
  }
}

/** How a stream has ended: with an error, or without one. */
interface Over {
  readonly error: Error | undefined;
}

/** What a loop needs of its stream. */
interface Home<T extends ConnectionEvent> {
  readonly over: Over | null;
  /** A loop is handed an event. */
  handed(loop: Loop<T>, event: T): void;
  left(loop: Loop<T>): void;
}

class Loop<T extends ConnectionEvent> implements AsyncIterableIterator<T> {
  private calls: Call<T>[] = [];
  private isOver = false;

  constructor(
    private readonly home: Home<T>,
    readonly backlog: EventBuffer<T>,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result<T>> {
    if (this.isOver) return Promise.resolve(end);
    const event = this.backlog.shift();
    if (event !== undefined) {
      this.home.handed(this, event);
      return Promise.resolve({ done: false, value: event });
    }
    if (this.home.over) return this.ending(this.home.over);
    return new Promise((resolve) => this.calls.push(resolve));
  }

  /** Left early: calls that still wait take no event. */
  return(): Promise<Result<T>> {
    this.close();
    for (const call of this.calls.splice(0)) call(end);
    return Promise.resolve(end);
  }

  /** Hands the event to the call that has waited longest, or keeps it. */
  push(event: T): void {
    const call = this.calls.shift();
    if (!call) return this.backlog.push(event);
    this.home.handed(this, event);
    call({ done: false, value: event });
  }

  /** No more events: the loop ends behind those that wait. */
  end(over: Over): void {
    this.backlog.release();
    for (const call of this.calls.splice(0)) call(this.ending(over));
  }

  /** An error is thrown once. */
  private ending({ error }: Over): Promise<Result<T>> {
    const isFirst = !this.isOver;
    this.close();
    return isFirst && error ? Promise.reject(error) : Promise.resolve(end);
  }

  private close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.home.left(this);
  }
}

export class EventStream<T extends ConnectionEvent> implements Home<T> {
  over: Over | null = null;
  /** In the order in which they were begun. */
  private loops: Loop<T>[] = [];
  /** What waits for the next loop while there is none. */
  private rest = this.newBacklog();
  /** The first loop that was begun in this turn, and what it has been handed. */
  private opening: { readonly loop: Loop<T>; readonly handed: T[] } | null = null;

  constructor(private readonly filled: Filled) {}

  /** Events that wait while there is no loop. */
  get length(): number {
    return this.rest.length;
  }

  /** Hands the event to every loop. Behind the end nothing is taken. */
  push(event: T): void {
    if (this.over) return;
    if (this.loops.length === 0) this.rest.push(event);
    else for (const loop of this.loops) loop.push(event);
  }

  /** No more events: loops end behind those that wait; with an error each of them throws it, once. */
  end(error?: Error): void {
    if (this.over) return;
    this.over = { error };
    this.rest.release();
    for (const loop of this.loops) loop.end(this.over);
  }

  /** The oldest event that waits while there is no loop, taken out. */
  take(): T | undefined {
    return this.rest.shift();
  }

  /** What waits while there is no loop, left where it is. */
  waiting(): T[] {
    return this.rest.events();
  }

  /**
   * One more loop. The first one, and one behind those that were left, begins with what waits. One beside others begins
   * with what comes from here on, or with what those get that were begun in this turn.
   */
  loop(): AsyncIterableIterator<T> {
    const { opening } = this;
    const isAlone = this.loops.length === 0;
    const loop = new Loop<T>(this, isAlone ? this.rest : this.newBacklog());
    if (isAlone) this.rest = this.newBacklog();
    this.loops.push(loop);
    if (opening === null) {
      this.opening = { loop, handed: [] };
      queueMicrotask(() => (this.opening = null));
    } else if (!isAlone) {
      for (const event of [...opening.handed, ...opening.loop.backlog.events()]) loop.backlog.push(event);
    }
    return loop;
  }

  handed(loop: Loop<T>, event: T): void {
    if (this.opening?.loop === loop) this.opening.handed.push(event);
  }

  /** What the last loop has not read is there for the next one. */
  left(loop: Loop<T>): void {
    this.loops = this.loops.filter((each) => each !== loop);
    if (this.loops.length === 0) this.rest = loop.backlog;
    else loop.backlog.release();
  }

  private newBacklog(): EventBuffer<T> {
    return new EventBuffer((backlog, isFull) => this.filled(backlog, isFull, this.which(backlog)));
  }

  private which(backlog: EventBuffer<T>): string {
    const count = this.loops.length;
    const place = this.loops.findIndex((loop) => loop.backlog === backlog);
    return place < 0 || count < 2 ? '' : ` (loop ${place + 1} of ${count})`;
  }
}

const bytesOf = (event: ConnectionEvent): number => ('body' in event ? event.body.length : 0);
