/** Where events leave for the application: to listeners, to loops, or both. What comes before either waits for it. */
import { EventEmitter } from 'eventemitter3';
import { EventStream, type Filled } from './event-stream.js';
import type { ConnectionEvent } from './event.js';

export interface Listeners<T> {
  /** Whether there are any. */
  heard(): boolean;
  tell(event: T): void;
}

export class EventFanout<T extends ConnectionEvent> {
  private readonly stream: EventStream<T>;
  /** Whether there ever was a loop: from then on every event is kept for one. */
  private looped = false;
  /** Whether events wait that the listeners are about to be told. */
  private behind = false;

  constructor(
    private readonly listeners: Listeners<T>,
    filled: Filled,
    /** Called with each event when the first reader gets it. */
    private readonly handed: ((event: T) => void) | null = null,
  ) {
    this.stream = new EventStream(filled, handed);
  }

  get hasReader(): boolean {
    return this.looped || this.listeners.heard();
  }

  deliver(event: T): void {
    const heard = !this.behind && this.listeners.heard();
    if (this.looped || !heard) this.stream.push(event);
    if (heard) this.tell(event);
  }

  /** Lets the event wait, whoever listens. */
  keep(event: T): void {
    this.stream.push(event);
  }

  /** One more loop; without an earlier one it begins with what waits. */
  loop(): AsyncIterableIterator<T> {
    this.looped = true;
    this.catchUp();
    return this.stream.loop();
  }

  /** A listener was attached. It gets what waits in the next microtask, so that its companions get it too. */
  attached(): void {
    if (this.looped || this.behind || this.stream.length === 0) return;
    this.behind = true;
    queueMicrotask(() => this.catchUp());
  }

  /** @see EventStream.end */
  end(error?: Error): void {
    this.stream.end(error);
  }

  /** The listeners get what waits, as long as there are any. A loop begun by then gets the same. */
  private catchUp(): void {
    const { listeners, stream } = this;
    while (this.behind && !this.looped && listeners.heard()) {
      const event = stream.take();
      if (event === undefined) break;
      this.tell(event);
    }
    if (!this.behind) return;
    this.behind = false;
    if (this.looped) for (const event of stream.waiting()) this.tell(event);
  }

  private tell(event: T): void {
    this.handed?.(event);
    this.listeners.tell(event);
  }
}

/** eventemitter3 with two additions: who attaches a listener is noticed, and one that throws does no harm here. */
type Names<Events extends object> = EventEmitter.EventNames<Events>;
type Listener<Events extends object, E extends Names<Events>> = EventEmitter.EventListener<Events, E>;

export abstract class Emitter<Events extends object> extends EventEmitter<Events> {
  /** A listener was attached. */
  protected abstract attached(): void;

  override on<E extends Names<Events>>(event: E, listener: Listener<Events, E>, context?: unknown): this {
    super.on(event, listener, context);
    this.attached();
    return this;
  }

  /** As `on`. */
  override addListener<E extends Names<Events>>(
    event: E,
    listener: Listener<Events, E>,
    context?: unknown,
  ): this {
    return this.on(event, listener, context);
  }

  override once<E extends Names<Events>>(event: E, listener: Listener<Events, E>, context?: unknown): this {
    super.once(event, listener, context);
    this.attached();
    return this;
  }

  /**
   * A listener that throws has a defect: what it threw becomes an uncaught exception, as with the emitters of Node, and
   * the listeners of this event behind it are not called. Everything else continues.
   */
  override emit<E extends Names<Events>>(event: E, ...args: EventEmitter.EventArgs<Events, E>): boolean {
    try {
      return super.emit(event, ...args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
      return true;
    }
  }
}
