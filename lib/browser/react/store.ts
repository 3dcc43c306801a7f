/** State outside of React that components look at: it begins with the first that does, and ends a while after the last. */
import type { Connection } from '../../client/connection.js';
import type { Timer, TimerClock } from '../../util/clock.js';

/**
 * Milliseconds for which something lives on that nobody uses. React's StrictMode takes components away and puts them back at once, and a
 * page that changes may do the same: the group notices nothing.
 */
const LINGER_MS = 1000;

/** Where stores have their connection from. */
export interface ConnectionSource {
  readonly clock: TimerClock;
  /** The connection, which is there until the signal aborts. @throws what `connect` throws */
  use(signal: AbortSignal): Promise<Connection>;
}

export abstract class Store<S> {
  private readonly listeners = new Set<() => void>();
  private timer: Timer | null = null;
  /** There while it is used, and a while longer. */
  private run: AbortController | null = null;

  /** @param initial before it has begun, and on a server */
  constructor(
    private readonly clock: TimerClock,
    private readonly initial: S,
    private current: S = initial,
  ) {}

  /** As `useSyncExternalStore` wants it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const entry = (): void => listener();
    this.listeners.add(entry);
    this.timer?.cancel();
    this.timer = null;
    if (this.run === null) {
      this.run = new AbortController();
      void this.begin(this.run.signal);
    }
    return () => {
      this.listeners.delete(entry);
      if (this.listeners.size === 0) this.timer ??= this.clock.after(LINGER_MS, () => this.finish());
    };
  };

  readonly snapshot = (): S => this.current;

  /** On a server nobody is here yet. */
  readonly serverSnapshot = (): S => this.initial;

  /**
   * Runs from the first use on; what it throws is shown, unless the signal has aborted.
   * @param signal aborts when nobody uses it any more
   */
  protected abstract open(signal: AbortSignal): Promise<void>;

  /** What is shown where `open` has failed, or the connection is gone. */
  protected abstract failed(error: Error | null): S;

  protected show(next: S): void {
    this.current = next;
    for (const listener of this.listeners) listener();
  }

  private async begin(signal: AbortSignal): Promise<void> {
    try {
      await this.open(signal);
    } catch (error) {
      if (!signal.aborted) this.show(this.failed(error as Error));
    }
  }

  private finish(): void {
    this.timer = null;
    this.run?.abort();
    this.run = null;
    this.current = this.initial;
  }
}
