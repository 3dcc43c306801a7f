/**
 * The requests of a channel without an answer, both those that wait and those that the application holds
 * [channels 17.1 to 17.3].
 */
import type { Buffer } from 'node:buffer';
import type { ChannelContext } from './context.js';
import { type Credit, NO_CREDIT } from './credit-ledger.js';
import { ClientGoneError } from './errors.js';
import { type Message, encodeMessage, timeLeft } from './protocol/message.js';
import { inParts } from './protocol/parts.js';
import type { Fate } from './protocol/query.js';
import { refusalBody } from './protocol/refusal.js';
import type { Entry } from './registry/entry.js';
import { type RequestHost, ServerRequest } from './request.js';

export interface RequestsSink {
  /** Why nothing can be answered any more, or null. */
  ended(): Error | null;
  /** The application must not get it. */
  withdraw(request: ServerRequest): void;
  /** To a client, if it can be reached now. */
  transmit(to: string, messages: readonly Buffer[]): void;
}

export class ServerRequests implements RequestHost {
  private held = 0;

  constructor(
    private readonly hub: ChannelContext,
    private readonly entryOf: () => Entry,
    private readonly clients: ReadonlyMap<string, ServerClient>,
    private readonly sink: RequestsSink,
  ) {}

  /** Those that the application holds. */
  get pending(): number {
    return this.held;
  }

  get maxBody(): number {
    return this.entryOf().settings.maxBody;
  }

  ended(): Error | null {
    return this.sink.ended();
  }

  /** One has come. */
  open(client: ServerClient, message: Message): ServerRequest {
    const left = timeLeft(message.deadline);
    const deadline = left === null ? undefined : this.hub.date() + left;
    const request = new ServerRequest(this, message, client, deadline);
    client.requests.set(request.id, request);
    if (left !== null) request.due = this.hub.alarm.after(left, () => this.expire(request));
    return request;
  }

  /** The application takes one. @returns false when its time is over, so that it must not */
  taken(request: ServerRequest): boolean {
    const { due, from, id } = request;
    // The alarm rings late where the program has stood still.
    if (due && due.at <= this.hub.alarm.now()) {
      this.hub.dropped.expired++;
      this.giveUp(request);
      return false;
    }
    request.isHeld = true;
    if (this.clients.get(from)?.requests.get(id) !== request) return true;
    this.held++;
    const { claim, settings } = this.entryOf();
    if (settings.ackReceipt) this.sink.transmit(from, [encodeMessage('received', claim, id)]);
    return true;
  }

  /** The client does not want it any more. @returns whether there was one of that id */
  cancel(client: ServerClient, id: number): boolean {
    const request = client.requests.get(id);
    if (!request) return client.dropped.delete(id);
    if (!request.isHeld) this.sink.withdraw(request);
    this.giveUp(request);
    return true;
  }

  /** The client will not come back, or the channel has ended. @returns how many requests need no answer any more */
  cancelAll(client: ServerClient): number {
    const count = client.requests.size;
    for (const request of client.requests.values()) {
      this.close(client, request);
      request.cancel(true);
    }
    return count;
  }

  async reply(request: ServerRequest, status: number, body: Uint8Array): Promise<void> {
    const { claim } = this.entryOf();
    const head = { claim, id: request.id, word: status, limit: body.length, deadline: 0 };
    await this.answer(request, inParts('reply', head, body.subarray(0, request.limit)));
  }

  async fail(request: ServerRequest, code: string, text: string): Promise<void> {
    const body = refusalBody(code, text);
    await this.answer(request, [encodeMessage('refusal', this.entryOf().claim, request.id, { body })]);
  }

  drop(request: ServerRequest): void {
    const client = this.clients.get(request.from);
    if (client && this.close(client, request)) client.dropped.add(request.id);
  }

  private async answer(request: ServerRequest, messages: readonly Buffer[]): Promise<void> {
    const client = this.clients.get(request.from);
    if (!client) throw new ClientGoneError(request.from);
    this.close(client, request);
    if (client.isReachable) await this.hub.transmit(client.name, messages, this.entryOf().settings.order);
    else client.hold(messages);
  }

  /** @returns whether it was open */
  private close(client: ServerClient, request: ServerRequest): boolean {
    if (request.due) this.hub.alarm.cancel(request.due);
    if (client.requests.get(request.id) !== request) return false;
    client.requests.delete(request.id);
    if (request.isHeld) this.held--;
    return true;
  }

  private expire(request: ServerRequest): void {
    if (!request.isHeld) {
      this.hub.dropped.expired++;
      this.sink.withdraw(request);
    }
    this.giveUp(request);
  }

  private giveUp(request: ServerRequest): void {
    const client = this.clients.get(request.from);
    if (client) this.close(client, request);
    request.cancel(false);
  }
}

/** What a server knows of one of its clients. */
export class ServerClient {
  /** Requests without an answer, by correlation id. */
  readonly requests = new Map<number, ServerRequest>();
  /** Requests that get none: the client continues waiting for them. */
  readonly dropped = new Set<number>();
  /** The newest request or post that has come: ids rise. */
  lastSeen = 0;
  /** Posts that have left the queue. */
  taken = 0;
  isReachable = true;
  /** Out of sight still, and has returned by what views say: what is for it waits. */
  isExpected = false;
  /** Whether it has returned, and has not said yet that it begins with new credit. */
  hasReturned = false;
  /** The message with which it has asked for new credit; 0: none that is unanswered. */
  restart = 0;
  /** Places for posts that it had when it went out of sight: they may still come when it has returned. */
  owed: Credit = NO_CREDIT;
  /** What is to be sent when the client is back. */
  private held: (readonly Buffer[])[] = [];

  constructor(public name: string) {}

  /** One of which nobody saw when it came: what it has asked before is not known. */
  static unseen(name: string): ServerClient {
    const client = new ServerClient(name);
    client.lastSeen = Infinity;
    return client;
  }

  /** A place that it had before. @returns whether there is one for a post of this size, in bytes */
  takeOwed(bytes: number): boolean {
    const { hasReturned, owed } = this;
    if (!hasReturned || owed.posts === 0 || owed.bytes < bytes) return false;
    this.owed = { posts: owed.posts - 1, bytes: owed.bytes - bytes };
    return true;
  }

  hold(messages: readonly Buffer[]): void {
    this.held.push(messages);
  }

  /** Gives out what was held. */
  release(): (readonly Buffer[])[] {
    return this.held.splice(0);
  }

  /** What became of a request. */
  fate(id: number): Fate {
    const request = this.requests.get(id);
    if (request) return request.isHeld ? 'received' : 'queued';
    if (this.dropped.has(id)) return 'received';
    return id > this.lastSeen ? 'unseen' : 'answered';
  }
}

// Pings of a server's clients [channels 17.6]: of the library, and of the application.

/** The word of a ping that the application is to answer, by receiving. */
export const APPLICATION_PING = 1;

export class Pings {
  private waiting: { readonly client: string; readonly id: number }[] = [];

  constructor(private readonly pong: (client: string, id: number) => void) {}

  /** @param isReceiving whether the application waits for an event now */
  take(client: string, { word, id }: Message, isReceiving: boolean): void {
    if (word !== APPLICATION_PING || isReceiving) this.pong(client, id);
    else this.waiting.push({ client, id });
  }

  rename(from: string, to: string): void {
    this.waiting = this.waiting.map((each) => (each.client === from ? { ...each, client: to } : each));
  }

  /** The application has asked for an event. */
  received(): void {
    if (this.waiting.length === 0) return;
    for (const { client, id } of this.waiting.splice(0)) this.pong(client, id);
  }
}
