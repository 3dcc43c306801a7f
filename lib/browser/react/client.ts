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

  constructor(private readonly options: BrowserConnectOptions) {}

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
    const connecting = connect(this.options);
    // After a failure, or an end, the next one that is used tries again.
    const forget = (): void => {
      if (this.connection === connecting) this.connection = null;
    };
    connecting.then((it) => it.once('close', forget), forget);
    return connecting;
  }

  private released(): void {
    if (--this.users > 0) return;
    const { connection } = this;
    this.connection = null;
    void connection?.then((it) => it.close()).catch(() => undefined);
  }
}
