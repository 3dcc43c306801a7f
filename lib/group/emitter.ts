/** eventemitter3 with two additions: who attaches a listener is noticed, and one that throws does no harm here. */
import { EventEmitter } from 'eventemitter3';

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
   * the listeners of this event behind it are not called. Everything else goes on.
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
