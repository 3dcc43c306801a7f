/**
 * A broadcast whose clients acknowledge it, as the server that sent it sees it. The host waits until as many servers as there were have said how many clients
 * they have, and as many clients have acknowledged. So the number of a server is given when all its clients have answered, or when it
 * is gone: then it is the number of those that have.
 */

interface Share {
  /** Clients of that server that were sent the broadcast; null before it said so. */
  clients: number | null;
  acknowledged: number;
}

export class AckRequest {
  /** Servers whose number the host has not got yet; null before the broadcast has its place. */
  private shares: Map<string, Share> | null = null;
  private told = 0;
  /** Clients whose number is given next. */
  private sum = 0;

  /**
   * @param servers how many the host waits for
   * @param clientCount called that many times with a number of clients
   * @param ack called with what a client has answered
   */
  constructor(
    private readonly servers: number,
    private readonly clientCount: (count: number) => void,
    private readonly ack: (value: unknown) => void,
  ) {}

  /** Whether the host has all numbers: then all clients that were there have acknowledged, or are gone. */
  get isDone(): boolean {
    return this.shares?.size === 0;
  }

  /** The broadcast has its place. @param asked ids of the servers there */
  placed(asked: Iterable<string>): void {
    this.shares = new Map([...asked].map((id) => [id, { clients: null, acknowledged: 0 }]));
  }

  counted(sender: string, clients: number): void {
    const share = this.shares?.get(sender);
    if (share) share.clients ??= clients;
    this.check(sender);
  }

  acknowledged(sender: string, value: unknown): void {
    const share = this.shares?.get(sender);
    if (!share) return;
    share.acknowledged++;
    this.ack(value);
    this.check(sender);
  }

  /** @param returned ids of servers before, and now */
  view(isMember: (id: string) => boolean, returned: ReadonlyMap<string, string>): void {
    for (const [id, share] of this.shares ?? []) {
      const now = returned.get(id) ?? id;
      if (now !== id) {
        this.shares?.delete(id);
        this.shares?.set(now, share);
      }
      if (!isMember(now)) this.tell(now, share.acknowledged);
    }
  }

  private check(sender: string): void {
    const share = this.shares?.get(sender);
    if (share && share.clients !== null && share.acknowledged >= share.clients)
      this.tell(sender, share.clients);
  }

  /** Servers may have come or gone since the host asked how many there are: it gets as many numbers as it waits for. */
  private tell(server: string, clients: number): void {
    const { shares } = this;
    if (!shares?.delete(server)) return;
    this.sum += clients;
    if (shares.size > 0 && this.told >= this.servers - 1) return;
    const sum = this.sum;
    this.sum = 0;
    if (shares.size === 0) while (this.told < this.servers - 1) this.next(0);
    this.next(sum);
  }

  private next(clients: number): void {
    this.told++;
    this.clientCount(clients);
  }
}
