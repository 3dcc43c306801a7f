/** The posts of a channel's clients, and the credit with which they fill places in its queue [channels 17.4]. */
import { Buffer } from 'node:buffer';
import type { ChannelContext } from './context.js';
import { CreditLedger, NO_CREDIT } from './credit-ledger.js';
import type { PostEvent } from './event.js';
import { CREDIT, decodeGiveBack, encodeGrant, encodeRecall } from './protocol/credit.js';
import { type Message, encodeMessage } from './protocol/message.js';
import type { Entry } from './registry/entry.js';
import type { ServerQueue } from './server-queue.js';
import type { ServerClient } from './server-requests.js';

export interface PostsSink {
  readonly queue: ServerQueue;
  deliver(post: PostEvent): void;
  /** There is no place for the post of that id. */
  refuse(client: string, id: number): void;
  /** To a client, if it can be reached now. */
  transmit(to: string, messages: readonly Buffer[]): void;
}

export class ServerPosts {
  readonly ledger: CreditLedger;

  constructor(
    private readonly hub: ChannelContext,
    private readonly entryOf: () => Entry,
    private readonly clients: ReadonlyMap<string, ServerClient>,
    private readonly sink: PostsSink,
  ) {
    const { maxBuffered, maxBufferedBytes, overflow } = entryOf().settings;
    this.ledger = new CreditLedger(maxBuffered, maxBufferedBytes, overflow, {
      grant: (name, credit, isFirst) => {
        const client = clients.get(name);
        const { taken = 0, restart = 0 } = client ?? {};
        if (client && isFirst) client.restart = 0;
        const id = isFirst ? restart : 0;
        sink.transmit(name, [encodeGrant(this.claim, { ...credit, isFirst, taken, id })]);
      },
      recall: (client) => sink.transmit(client, [encodeRecall(this.claim)]),
      refuse: (client, id) => sink.refuse(client, id),
    });
  }

  private get claim(): string {
    return this.entryOf().claim;
  }

  take(client: ServerClient, { id, word, limit, body }: Message): void {
    client.lastSeen = id;
    if (body.length > this.entryOf().settings.maxBody || !this.place(client, id, body.length)) {
      this.hub.dropped.unfit++;
      return;
    }
    const { name } = client;
    const depth = this.ledger.depth - 1;
    if (limit === 1) this.sink.transmit(name, [encodeMessage('reply', this.claim, id, { word: depth })]);
    this.sink.deliver({ kind: 'message', type: word, body: Buffer.from(body), from: name });
  }

  /** The application has one, or it had to make room. */
  taken({ from, body }: PostEvent): void {
    const client = this.clients.get(from);
    if (client) client.taken++;
    this.ledger.taken(from, body.length);
  }

  takeCredit(client: ServerClient, message: Message): void {
    const { name } = client;
    if (message.word === CREDIT.want) return this.ledger.want(name, message.id, message.limit);
    if (message.word === CREDIT.restart) return this.restart(client, message.id);
    const credit = decodeGiveBack(message);
    if (credit) this.ledger.returned(name, credit);
    else this.hub.dropped.malformed++;
  }

  /** A client is gone, or out of sight. */
  detach(client: ServerClient): void {
    client.owed = this.ledger.detach(client.name);
    client.hasReturned = false;
  }

  /** All posts that it has sent with credit from before have come. */
  private restart(client: ServerClient, id: number): void {
    Object.assign(client, { hasReturned: false, owed: NO_CREDIT, restart: id });
    this.ledger.attach(client.name);
  }

  /** @returns whether there is a place for a post, which it takes */
  private place(client: ServerClient, id: number, bytes: number): boolean {
    const { name } = client;
    if (this.ledger.arrived(name, id, bytes)) return true;
    if (client.takeOwed(bytes)) {
      this.ledger.admit(bytes);
      return true;
    }
    if (this.entryOf().settings.overflow !== 'drop-oldest') return false;
    while (this.sink.queue.dropOldest()) if (this.ledger.arrived(name, id, bytes)) return true;
    return false;
  }
}
