/** The connection of a provider: there while one of its groups is used. */
import type { Connection } from '../../client/connection.js';
import { systemPlatform } from '../../mailbox/platform.js';
import type { Clock } from '../../util/clock.js';
import { type BrowserConnectOptions, connect } from '../connect.js';
import { GroupStore } from './group-store.js';
import { LeaderStore } from './leader-store.js';
import { PresenceStore } from './presence-store.js';
import type { Store, StoreHome } from './store.js';

export class Client implements StoreHome {
  readonly clock: Clock = systemPlatform.clock;
  readonly stores = new Map<string, Store<unknown>>();
  private connection: Promise<Connection> | null = null;
  private users = 0;

  /** Gives up the attempt that is under way. */
  private attempt: AbortController | undefined;
  /** Settles when the last connection is closed. */
  private closing: Promise<unknown> | undefined;

  /**
   * @param options as they were rendered last; their function for tokens is asked
   * @param before the one whose place it takes, maybe with its name: closed before this one connects
   */
  constructor(
    public options: BrowserConnectOptions,
    private before?: Client,
  ) {}

  /**
   * The connection, as long as the signal has not aborted: the last one to abort closes it.
   * @throws what `connect` throws
   */
  async use(signal: AbortSignal): Promise<Connection> {
    this.users++;
    signal.addEventListener('abort', () => this.released());
    return await (this.connection ??= this.connect());
  }

  group(name: string): GroupStore {
    return this.stored(`g${name}`, (key) => new GroupStore(this, key, name));
  }

  presence(name: string): PresenceStore {
    return this.stored(`p${name}`, (key) => new PresenceStore(this, key, name));
  }

  leader(name: string, quorum: number | undefined): LeaderStore {
    return this.stored(`l${quorum} ${name}`, (key) => new LeaderStore(this, key, name, quorum));
  }

  stored<T extends Store<unknown>>(key: string, make: (key: string) => T): T {
    const store = (this.stores.get(key) as T | undefined) ?? make(key);
    this.stores.set(key, store);
    return store;
  }

  private connect(): Promise<Connection> {
    this.attempt = new AbortController();
    const connecting = this.open(this.attempt.signal);
    // After a failure, or an end, the next one that is used tries again.
    const forget = (): void => {
      if (this.connection === connecting) this.connection = null;
    };
    connecting.then((it) => it.once('close', forget), forget);
    return connecting;
  }

  private async open(signal: AbortSignal): Promise<Connection> {
    await this.before?.replaced();
    this.before = undefined;
    const { token } = this.options;
    const ask = (): string | Promise<string> => (this.options.token as typeof ask)();
    return await connect({ ...this.options, token: typeof token === 'function' ? ask : token, signal });
  }

  /** Ends at once. Components that still look at it have not rendered since, and will find its successor. */
  private replaced(): Promise<unknown> | undefined {
    for (const store of this.stores.values()) store.finish();
    return this.closing ?? this.before?.replaced();
  }

  private released(): void {
    if (--this.users > 0) return;
    const { connection } = this;
    this.connection = null;
    this.attempt?.abort();
    this.closing = connection?.then((it) => it.close()).catch(() => undefined);
  }
}
