/** The connection of a provider: there while one of its groups is used. */
import type { Connection } from '../../client/connection.js';
import { systemPlatform } from '../../mailbox/platform.js';
import type { Clock } from '../../util/clock.js';
import { type BrowserConnectOptions, connect } from '../connect.js';
import { GroupStore } from './group-store.js';
import { LeaderStore } from './leader-store.js';
import { PresenceStore } from './presence-store.js';
import type { ConnectionSource } from './store.js';

export class Client implements ConnectionSource {
  readonly clock: Clock = systemPlatform.clock;
  private readonly groups = new Map<string, GroupStore>();
  private readonly presences = new Map<string, PresenceStore>();
  private readonly leaders = new Map<string, LeaderStore>();
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
    const connecting = (this.connection ??= connect(this.options));
    // After a failure, or an end, the next one that is used tries again.
    const forget = (): void => {
      if (this.connection === connecting) this.connection = null;
    };
    try {
      const connection = await connecting;
      connection.once('close', forget);
      return connection;
    } catch (error) {
      forget();
      throw error;
    }
  }

  group(name: string): GroupStore {
    return stored(this.groups, name, () => new GroupStore(this, name));
  }

  presence(name: string): PresenceStore {
    return stored(this.presences, name, () => new PresenceStore(this, name));
  }

  leader(name: string, quorum: number | undefined): LeaderStore {
    return stored(this.leaders, `${quorum ?? ''} ${name}`, () => new LeaderStore(this, name, quorum));
  }

  private released(): void {
    if (--this.users > 0) return;
    const { connection } = this;
    this.connection = null;
    void connection?.then((it) => it.close()).catch(() => undefined);
  }
}

function stored<T>(all: Map<string, T>, key: string, make: () => T): T {
  const known = all.get(key);
  if (known !== undefined) return known;
  const made = make();
  all.set(key, made);
  return made;
}
