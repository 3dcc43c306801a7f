/** Whether a cluster is at rest: its network, its daemons, and the connections of the test. */
import type { ClusterConnections } from './connections.js';
import type { IdealNetwork } from './network/network.js';
import type { BoundedWait } from './bounded-wait.js';
import { unrestOf } from './settle.js';
import type { Slot } from './slot.js';
import type { Driver } from './time/driver.js';

/** How long a call waits for what follows from it. */
export interface Wait {
  /**
   * `clients`, the default: until every connection of the cluster has been handed everything; `daemons`: until all daemons
   * are at rest; `nothing`: not at all.
   */
  readonly wait?: 'nothing' | 'daemons' | 'clients';
  /** Milliseconds after which it fails; default 5000, in virtual time 60 000. */
  readonly limitMs?: number;
}

/** Milliseconds for which a connection that nobody reads may keep others waiting, until it is named. */
const UNREAD_MS = 1_000;

export class Rest {
  /** Numbers of the daemons that reach each other; the test's own words, whatever the daemons have noticed. */
  sides: readonly (readonly number[])[];

  constructor(
    private readonly driver: Driver,
    private readonly network: IdealNetwork,
    private readonly slots: readonly Slot[],
    private readonly connections: ClusterConnections,
    private readonly waits: BoundedWait,
    private readonly failure: () => Error | null,
  ) {
    this.sides = [slots.map(({ index }) => index)];
  }

  /** @param what the call that waits, for the error */
  async settle(what: string, { wait = 'clients', limitMs }: Wait): Promise<void> {
    if (wait === 'nothing') return;
    const { driver, waits } = this;
    const isOfClients = wait === 'clients';
    let unreadSince: number | null = null;
    await waits.settle(what, limitMs, () => {
      const failure = this.failure();
      if (failure) throw failure;
      const why = this.unrest(isOfClients);
      const unread = why === null || !isOfClients ? null : this.connections.unread;
      if (unread === null) unreadSince = null;
      else if (driver.now - (unreadSince ??= driver.now) >= UNREAD_MS) throw waits.error(unread);
      return why;
    });
  }

  /** What is not at rest; null when everything is. */
  unrest(isOfClients: boolean): string | null {
    if (!this.network.isSettled) return 'the network is not at rest';
    for (const { daemon, index, state, name } of this.slots) {
      if (state === 'stopping') return `${name} is stopping`;
      if (!daemon || state === 'frozen') continue;
      const why = unrestOf(daemon, this.around(index), (id) => this.connections.isPaused(id));
      if (why !== null) return why;
    }
    if (this.driver.underWay > 0) return 'something is on its way';
    return isOfClients ? this.connections.unrest : null;
  }

  /** Names of the daemons that one has to be in a view with. */
  private around(daemon: number): string[] {
    const side = this.sides.find((each) => each.includes(daemon)) ?? [];
    return side
      .map((index) => this.slots[index] as Slot)
      .filter(({ state }) => state === 'up')
      .map(({ name }) => name);
  }
}
