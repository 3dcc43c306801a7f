/** State outside of React that components look at: it begins with the first that does, and ends a while after the last. */
import type { Connection } from '../../client/connection.js';
import type { Group } from '../../client/group.js';
import type { GapEvent } from '../../client/resume/events.js';
import { errorOf, PermissionDeniedError } from '../../errors.js';
import type { Timer, TimerClock } from '../../util/clock.js';
import { ILLEGAL_GROUP } from '../../wire/codes.js';

/**
 * Milliseconds for which something lives on that nobody uses. React's StrictMode takes components away and puts them back at once, and a
 * page that changes may do the same: the group notices nothing.
 */
const LINGER_MS = 1000;

/** Where stores have their connection from, and where they are found. */
export interface StoreHome {
  readonly clock: TimerClock;
  /** Those that components have asked for, by kind and name, until a while after the last use. */
  readonly stores: Map<string, Store<unknown>>;
  /** That of this key, which is made where there is none. */
  stored<T extends Store<unknown>>(key: string, make: (key: string) => T): T;
  /** The connection, which is there until the signal aborts. @throws what `connect` throws */
  use(signal: AbortSignal): Promise<Connection>;
}

type Listener = (argument: never) => void;
/** What has events: a connection, a group, a recipe. */
type Heard = object & Record<'on' | 'off', unknown>;

/** What is joined, and left. */
export interface Membership {
  leave(): Promise<void>;
}

export abstract class Store<S, M extends Membership = Membership> {
  private readonly listeners = new Set<() => void>();
  private timer: Timer | null = null;
  /** There while it is used, and a while longer. */
  private run: AbortController | null = null;
  /** Whether this run is over, and shows why. */
  private hasEnded = false;
  /** Null before it has begun. */
  private current: S | null = null;
  /** Before it has begun, and on a server. */
  protected abstract readonly initial: S;

  /** @param key by which the home has it @param name of its group */
  constructor(
    protected readonly home: StoreHome,
    private readonly key: string,
    protected readonly name: string,
  ) {}

  /** As `useSyncExternalStore` wants it: each use has a listener of its own. */
  readonly subscribe = (listener: () => void): (() => void) => this.live.enter(listener);

  readonly snapshot = (): S => this.live.current ?? this.initial;

  /** On a server nobody is here yet. */
  readonly serverSnapshot = (): S => this.initial;

  /**
   * The one of this name that components share. A component that was hidden for longer may still hold one that was forgotten, and that
   * another one has replaced since.
   */
  get live(): this {
    return this.home.stored(this.key, () => this);
  }

  /**
   * Whether the next component begins something new. Not while others look at an end: a page that shows something else then, with the
   * same hook in it, would never stop trying.
   */
  protected get isIdle(): boolean {
    return this.run === null || (this.hasEnded && this.listeners.size === 0);
  }

  /** @param signal aborts when nobody uses it any more */
  protected abstract join(connection: Connection, signal: AbortSignal): Promise<M>;

  /** It is joined: shows it, and hears of it until the signal aborts. */
  protected abstract joined(it: M, connection: Connection, signal: AbortSignal): void;

  /** What is shown where `join` has failed, or the connection or the membership is gone. */
  protected abstract failed(error: Error | null): S;

  /** What is heard after the end changes nothing any more. */
  protected show(next: S): void {
    if (this.hasEnded) return;
    this.current = next;
    for (const listener of this.listeners) listener();
  }

  /** Shows why it is over. */
  protected end(error: Error | undefined): void {
    this.show(this.failed(error ?? null));
    this.hasEnded = true;
  }

  /** Notices until the signal aborts that the daemon ends the membership: nobody here gives it up before. */
  protected hearEnd(signal: AbortSignal, group: Group): void {
    this.hear(signal, group, {
      gap: ({ reason }: GapEvent) =>
        reason === 'not-permitted' ? this.end(new PermissionDeniedError('join', [this.name])) : undefined,
      'self-leave': () => this.end(errorOf(ILLEGAL_GROUP, 'the daemon ended the membership')),
    });
  }

  /** Listens until the signal aborts. */
  protected hear(signal: AbortSignal, emitter: Heard, listeners: Readonly<Record<string, Listener>>): void {
    const it = emitter as Record<'on' | 'off', (event: string, listener: Listener) => unknown>;
    for (const [event, listener] of Object.entries(listeners)) {
      it.on(event, listener);
      signal.addEventListener('abort', () => it.off(event, listener));
    }
  }

  /** Runs from the first use on; what it throws is shown, unless the signal has aborted. */
  private async open(signal: AbortSignal): Promise<void> {
    const connection = await this.home.use(signal);
    const it = await this.join(connection, signal);
    const leave = (): void => void it.leave().catch(() => undefined);
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave);
    return this.joined(it, connection, signal);
  }

  private enter(listener: () => void): () => void {
    const { isIdle, run } = this;
    this.listeners.add(listener);
    this.timer?.cancel();
    if (isIdle) {
      this.run = new AbortController();
      this.hasEnded = false;
      this.show(this.initial);
      const { signal } = this.run;
      this.open(signal).catch((error: Error) => (signal.aborted ? undefined : this.end(error)));
      // Behind the new one, so that a connection which is there stays.
      run?.abort();
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.timer = this.home.clock.after(LINGER_MS, () => this.finish());
    };
  }

  /** Nobody uses it any more. */
  finish(): void {
    this.timer?.cancel();
    this.run?.abort();
    this.run = null;
    this.current = null;
    this.home.stores.delete(this.key);
  }
}
