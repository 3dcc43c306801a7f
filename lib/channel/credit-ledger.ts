/**
 * The places in a server's queue, and who may fill them [channels 17.4]: credit given to clients and places
 * taken never are more than there are. Who finds no place waits in the order of arrival; credit that others do not use
 * is called back for him. Pure.
 */
import type { Overflow } from './registry/entry.js';

/** That many posts, of that many bytes together. */
export interface Credit {
  readonly posts: number;
  readonly bytes: number;
}

export interface LedgerSink {
  /** @param isFirst forget all credit from before */
  grant(client: string, credit: Credit, isFirst: boolean): void;
  /** Give back what is not used. */
  recall(client: string): void;
  /** There is no place, and the policy says not to wait. */
  refuse(client: string, id: number): void;
}

export const NO_CREDIT: Credit = { posts: 0, bytes: 0 };

interface Account {
  posts: number;
  bytes: number;
  isRecalled: boolean;
  /** Posts taken since the client was told something. */
  untold: number;
  /** Bytes of posts that were given a place each, and have not come yet: their credit is not called back. */
  readonly promised: Map<number, number>;
}

interface Want {
  readonly client: string;
  readonly id: number;
  readonly bytes: number;
}

export class CreditLedger {
  private readonly accounts = new Map<string, Account>();
  private wants: Want[] = [];
  private queuedPosts = 0;
  private queuedBytes = 0;
  private givenPosts = 0;
  private givenBytes = 0;

  constructor(
    private readonly maxPosts: number,
    private readonly maxBytes: number,
    private readonly overflow: Overflow,
    private readonly sink: LedgerSink,
  ) {}

  /** Posts in the queue. */
  get depth(): number {
    return this.queuedPosts;
  }

  /** A client has come, or has come back: its credit begins anew. */
  attach(client: string): void {
    this.detach(client);
    const account = { posts: 0, bytes: 0, isRecalled: false, untold: 0, promised: new Map<number, number>() };
    this.accounts.set(client, account);
    this.give(client, account, this.wants.length > 0 ? { posts: 0, bytes: 0 } : this.share(account), true);
  }

  /** A client has another id. */
  rename(from: string, to: string): void {
    const account = this.accounts.get(from);
    if (account) this.accounts.set(to, account);
    this.accounts.delete(from);
    this.wants = this.wants.map((want) => (want.client === from ? { ...want, client: to } : want));
  }

  /** A client is gone, or out of sight. @returns the credit that it had */
  detach(client: string): Credit {
    const account = this.accounts.get(client);
    if (!account) return NO_CREDIT;
    this.accounts.delete(client);
    this.givenPosts -= account.posts;
    this.givenBytes -= account.bytes;
    this.wants = this.wants.filter((want) => want.client !== client);
    this.serve();
    return account;
  }

  /** A client has a post and no credit for it. */
  want(client: string, id: number, bytes: number): void {
    if (!this.accounts.has(client)) return;
    // It would wait forever, and everybody behind it.
    if (bytes > this.maxBytes || this.maxPosts === 0) return this.sink.refuse(client, id);
    this.wants.push({ client, id, bytes });
    this.serve();
  }

  /** A client wants it no more. */
  cancel(client: string, id: number): void {
    this.accounts.get(client)?.promised.delete(id);
    this.wants = this.wants.filter((want) => want.client !== client || want.id !== id);
    this.serve();
  }

  /** A client gave back what it had. */
  returned(client: string, credit: Credit): void {
    const account = this.accounts.get(client);
    if (!account) return;
    account.isRecalled = false;
    this.use(account, Math.min(credit.posts, account.posts), Math.min(credit.bytes, account.bytes));
    this.serve();
  }

  /** A post has come. @returns false when there is no place for it: its sender kept to no credit */
  arrived(client: string, id: number, bytes: number): boolean {
    const account = this.accounts.get(client);
    this.wants = this.wants.filter((want) => want.client !== client || want.id !== id);
    account?.promised.delete(id);
    const isCovered = account !== undefined && account.posts > 0 && account.bytes >= bytes;
    if (!isCovered && !this.hasRoom(1, bytes)) return false;
    if (account && isCovered) this.use(account, 1, bytes);
    this.queuedPosts++;
    this.queuedBytes += bytes;
    return true;
  }

  /** A post has come that was given a place before its client went out of sight: it has one, whatever there is by now. */
  admit(bytes: number): void {
    this.queuedPosts++;
    this.queuedBytes += bytes;
  }

  /** A post has left the queue. */
  taken(client: string, bytes: number): void {
    this.queuedPosts--;
    this.queuedBytes -= bytes;
    if (this.wants.length > 0) return this.serve();
    const account = this.accounts.get(client);
    if (account) this.replenish(client, account);
  }

  private hasRoom(posts: number, bytes: number): boolean {
    return (
      this.queuedPosts + this.givenPosts + posts <= this.maxPosts &&
      this.queuedBytes + this.givenBytes + bytes <= this.maxBytes
    );
  }

  /** What a client should have and does not, as far as there are places. */
  private share(account: Account): Credit {
    if (this.overflow === 'drop-oldest') return { posts: 0, bytes: 0 };
    const among = (all: number, queued: number, given: number, own: number): number => {
      const fair = Math.max(1, Math.floor(all / this.accounts.size));
      return Math.max(0, Math.min(fair - own, all - queued - given));
    };
    return {
      posts: among(this.maxPosts, this.queuedPosts, this.givenPosts, account.posts),
      bytes: among(this.maxBytes, this.queuedBytes, this.givenBytes, account.bytes),
    };
  }

  /** In batches: when half of its share is used up. */
  private replenish(client: string, account: Account): void {
    const share = this.share(account);
    const fair = Math.max(1, Math.floor(this.maxPosts / this.accounts.size));
    // Where nobody needs credit, a grant of nothing still tells how many posts were taken.
    const due = this.overflow === 'drop-oldest' ? ++account.untold : share.posts;
    if (due < Math.ceil(fair / 2)) return;
    account.untold = 0;
    this.give(client, account, share, false);
  }

  private give(client: string, account: Account, credit: Credit, isFirst: boolean): void {
    account.posts += credit.posts;
    account.bytes += credit.bytes;
    this.givenPosts += credit.posts;
    this.givenBytes += credit.bytes;
    this.sink.grant(client, credit, isFirst);
  }

  private use(account: Account, posts: number, bytes: number): void {
    account.posts -= posts;
    account.bytes -= bytes;
    this.givenPosts -= posts;
    this.givenBytes -= bytes;
  }

  /** Those who wait, as far as there are places. */
  private serve(): void {
    for (let want = this.wants[0]; want; want = this.wants[0]) {
      const { client, id, bytes } = want;
      if (!this.hasRoom(1, bytes)) {
        if (this.isCallingBack(bytes) || this.overflow !== 'reject') return;
        this.wants.shift();
        this.sink.refuse(client, id);
        continue;
      }
      this.wants.shift();
      this.serveOne(want);
    }
  }

  private serveOne({ client, id, bytes }: Want): void {
    const account = this.accounts.get(client);
    if (!account) return;
    account.promised.set(id, bytes);
    const share = this.wants.length === 0 ? this.share(account) : { posts: 0, bytes: 0 };
    const credit = { posts: Math.max(1, share.posts), bytes: Math.max(bytes, share.bytes) };
    this.give(client, account, credit, false);
  }

  /** Asks for unused credit that would make room for that many bytes. @returns whether there is any on its way back */
  private isCallingBack(bytes: number): boolean {
    const lacksPosts = this.queuedPosts + this.givenPosts + 1 > this.maxPosts;
    const lacksBytes = this.queuedBytes + this.givenBytes + bytes > this.maxBytes;
    let isSome = false;
    for (const [client, account] of this.accounts) {
      const promisedBytes = [...account.promised.values()].reduce((sum, each) => sum + each, 0);
      const hasPosts = account.posts > account.promised.size;
      if (!(lacksPosts && hasPosts) && !(lacksBytes && account.bytes > promisedBytes)) continue;
      isSome = true;
      if (account.isRecalled) continue;
      account.isRecalled = true;
      this.sink.recall(client);
    }
    return isSome;
  }
}
