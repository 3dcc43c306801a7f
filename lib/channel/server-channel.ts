/** A channel as its owner holds it [channels 17.3, 17.4, 18]. */
import { Buffer } from 'node:buffer';
import { BoundedWait } from './bounded-wait.js';
import { type WaitLimits, check, checkPatience } from './check.js';
import { type ChannelContext, transmitted } from './context.js';
import { IllegalParamError, ConnectionClosedError } from '../errors.js';
import {
  BusyError,
  HasClientsError,
  NotAttachedError,
  TimeoutError,
  channelError,
  errnoOf,
} from './errors.js';
import type { ServerEvent, TimerId } from './event.js';
import { MAX_METADATA_BYTES, MAX_QUEUED_CALLS } from './limits.js';
import type { CloseOptions, ReceiveOptions } from './options.js';
import { encodeAsk } from './protocol/credit.js';
import { type Message, encodeMessage } from './protocol/message.js';
import { decodeQuery, encodeAnswer } from './protocol/query.js';
import { refusalBody } from './protocol/refusal.js';
import type { RegistryEvent } from './registry/difference.js';
import { type Entry, claimText } from './registry/entry.js';
import { ServerQueue } from './server-queue.js';
import { Pings, ServerClient, ServerRequests } from './server-requests.js';
import { ServerPosts } from './server-posts.js';
import { Timers } from './timers.js';

const RECEIVE_KEYS = new Set(['timeoutMs', 'signal']);

/**
 * Take what comes with `receive()` or with `for await`, not with both at a time. Nothing is read ahead: what is not
 * received waits, requests without limit but that of the clients' patience, posts up to `maxBuffered`.
 */
export class ServerChannel implements AsyncIterable<ServerEvent>, AsyncDisposable {
  private readonly clients = new Map<string, ServerClient>();
  private readonly queue: ServerQueue;
  private readonly posts: ServerPosts;
  private readonly timers: Timers;
  private readonly requests: ServerRequests;
  private receiver: BoundedWait<ServerEvent> | null = null;
  private loop: object | null = null;
  private readonly pings: Pings;
  private end: Error | null = null;
  private closing: Promise<void> | null = null;

  /** @internal Made by `createChannel`. */
  constructor(
    private readonly hub: ChannelContext,
    private entry: Entry,
  ) {
    this.queue = new ServerQueue({
      requestTaken: (request) => this.requests.taken(request),
      postTaken: (post) => this.posts.taken(post),
      shotTaken: (shot) => this.timers.taken(shot),
    });
    this.posts = new ServerPosts(hub, () => this.entry, this.clients, {
      queue: this.queue,
      deliver: (event) => this.deliver(event),
      refuse: (client, id) => this.refuse(client, id, 'CHANNEL_FULL'),
      transmit: (client, messages) => this.transmit(client, messages),
    });
    this.pings = new Pings((client, id) => this.transmit(client, [encodeMessage('pong', this.claim, id)]));
    this.timers = new Timers(hub.alarm, (event) => this.deliver(event));
    this.requests = new ServerRequests(hub, () => this.entry, this.clients, {
      ended: () => this.end,
      withdraw: (request) => this.queue.withdraw(request),
      transmit: (client, messages) => this.transmit(client, messages),
    });
  }

  /** Name of the channel. */
  get name(): string {
    return this.entry.name;
  }

  /** Names this ownership of the name, and no other one ever: 32 hexadecimal digits. */
  get claimId(): string {
    return claimText(this.entry.claim);
  }

  /** Requests that were received, are not answered or dropped yet, and whose clients still wait. */
  get pending(): number {
    return this.requests.pending;
  }

  /** @internal */
  get claim(): string {
    return this.entry.claim;
  }

  /** @internal Longest body that may come, or go as a reply. */
  get maxBody(): number {
    return this.entry.settings.maxBody;
  }

  /**
   * The next event. Of kind `timeout` when nothing comes within the time.
   * @throws BusyError when somebody else receives, the signal's reason, NotAttachedError when the channel is closed,
   * ConnectionClosedError, IllegalParamError
   */
  async receive(options: ReceiveOptions = {}): Promise<ServerEvent> {
    check.keys(options, RECEIVE_KEYS);
    checkPatience(options);
    if (this.loop !== null || this.receiver !== null) throw new BusyError(this.name);
    options.signal?.throwIfAborted();
    return await this.next(options);
  }

  /**
   * The events one by one. The loop ends when the channel is closed or lost, and throws ConnectionClosedError when the
   * connection is. Leaving it early closes nothing.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<ServerEvent> {
    const loop: AsyncIterableIterator<ServerEvent> = {
      next: async () => {
        if ((this.loop !== null && this.loop !== loop) || this.receiver !== null)
          throw new BusyError(this.name);
        this.loop = loop;
        try {
          return { done: false, value: await this.next({}) };
        } catch (error) {
          this.loop = null;
          if (error instanceof NotAttachedError) return { done: true, value: undefined };
          throw error;
        }
      },
      return: () => {
        if (this.loop === loop) this.loop = null;
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => loop,
    };
    return loop;
  }

  /**
   * Starts a timer, whose shots come as events among the others.
   * @param type signed 32-bit number for its events, @param firstMs to the first shot, @param everyMs between the later
   * ones; 0, the default: there is one
   * @throws IllegalParamError, NotAttachedError
   */
  startTimer(type: number, firstMs: number, everyMs?: number): TimerId {
    if (this.end) throw this.end;
    return this.timers.start(type, firstMs, everyMs);
  }

  /** Shots that wait are gone, too. @returns false when it has none to come, so also the second time */
  stopTimer(id: TimerId): boolean {
    if (this.end) throw this.end;
    return this.timers.stop(id);
  }

  /**
   * Replaces what others find with `registry.lookup`.
   * @throws IllegalParamError, NotAttachedError, ConnectionClosedError
   */
  async setMetadata(metadata: Uint8Array): Promise<void> {
    if (!(metadata instanceof Uint8Array) || metadata.length > MAX_METADATA_BYTES) {
      throw new IllegalParamError(`metadata must be a Uint8Array of at most ${MAX_METADATA_BYTES} bytes`);
    }
    if (this.end) throw this.end;
    const settings = { ...this.entry.settings, metadata: Buffer.from(metadata) };
    const outcome = await this.hub.command({ kind: 'update', claim: this.claim, settings });
    if (!outcome.ok) throw this.end ?? new NotAttachedError(this.name);
    this.entry = outcome.entry ?? this.entry;
  }

  /**
   * Gives the name back. Requests without an answer are refused with ServerGoneError. Harmless twice.
   * @throws HasClientsError unless `force`; then the channel stays. ConnectionClosedError
   */
  async close({ force = false }: CloseOptions = {}): Promise<void> {
    if (typeof force !== 'boolean') throw new IllegalParamError('force');
    if (this.end) return;
    this.closing ??= this.release(force).finally(() => (this.closing = null));
    await this.closing;
  }

  /** Closes, whoever is attached. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.closing?.catch(() => undefined);
    if (!(this.end instanceof ConnectionClosedError)) await this.close({ force: true });
  }

  /** @internal A message of a client. @param hasReturned whether that has, as a view said: then it counts from there on */
  take(sender: string, message: Message, hasReturned = false): void {
    const client = this.clients.get(sender);
    if (!client || (!client.isReachable && !hasReturned)) return void this.hub.dropped.stranger++;
    client.isExpected = !client.isReachable;
    switch (message.kind) {
      case 'request':
        this.takeRequest(client, message);
        break;
      case 'queued':
        this.posts.take(client, message);
        break;
      case 'cancel':
        // On a request, or on a place for a post.
        if (!this.requests.cancel(client, message.id)) this.posts.ledger.cancel(client.name, message.id);
        break;
      case 'credit':
        this.posts.takeCredit(client, message);
        break;
      case 'ping':
        this.pings.take(sender, message, this.receiver !== null);
        break;
      case 'query':
        this.transmit(sender, [
          encodeAnswer(
            this.claim,
            decodeQuery(message).map((id) => [id, client.fate(id)]),
          ),
        ]);
        break;
      default:
        this.hub.dropped.malformed++;
    }
  }

  /** @internal Something about its clients. */
  hear(event: RegistryEvent): void {
    if (!('client' in event)) return;
    if (event.kind === 'client-back') return this.joined(event.client);
    if (event.kind === 'client-joined')
      return this.joined(
        event.client,
        event.isKnown === false ? ServerClient.unseen(event.client) : undefined,
      );
    const client = this.clients.get(event.client);
    if (!client) return;
    this.posts.detach(client);
    const isGone = event.kind !== 'client-unreachable';
    const cancelled = isGone ? this.requests.cancelAll(client) : 0;
    if (isGone) this.clients.delete(client.name);
    client.isReachable = false;
    if ('reason' in event) {
      this.deliver({ kind: event.kind, client: client.name, reason: event.reason, cancelled });
    } else {
      this.deliver({ kind: 'client-left', client: client.name });
    }
  }

  /** @internal A client has returned under another id. */
  returned(from: string, to: string): void {
    const client = this.clients.get(from);
    if (!client) return;
    this.clients.delete(from);
    client.name = to;
    client.hasReturned = true;
    client.isReachable = true;
    client.isExpected = false;
    this.clients.set(to, client);
    this.queue.rename(from, to);
    this.posts.ledger.rename(from, to);
    this.pings.rename(from, to);
    this.deliver({ kind: 'client-returned', client: to, before: from });
    for (const messages of client.release()) this.transmit(to, messages);
  }

  /**
   * @internal The own connection was lost, and the name is still its own. @param isWhole whether all that clients have sent
   * meanwhile has come: else they begin with new credit
   */
  rehomed(entry: Entry, isWhole: boolean): void {
    this.entry = entry;
    for (const client of this.clients.keys())
      if (!entry.clients.has(client)) this.hear({ kind: 'client-gone', entry, client, reason: 'disconnect' });
    for (const client of entry.clients) {
      if (!this.clients.has(client)) this.joined(client, ServerClient.unseen(client));
      else if (!isWhole) this.transmit(client, [encodeAsk(this.claim)]);
    }
  }

  /** @internal What the name was claimed with. */
  get settings(): Entry['settings'] {
    return this.entry.settings;
  }

  /** @internal The own connection was lost: for its clients it has ended. */
  forsaken(): void {
    const { entry } = this;
    for (const client of this.clients.keys())
      this.hear({ kind: 'client-gone', entry, client, reason: 'disconnect' });
  }

  /** @internal It has the name again. */
  claimed(entry: Entry): void {
    this.entry = entry;
  }

  /** @internal Somebody else has the name now. */
  lost(reason: 'conflict' | 'taken-over'): void {
    if (this.end) return;
    this.deliver({ kind: 'channel-lost', reason });
    this.finish(new NotAttachedError(`${this.name}, lost by ${reason}`));
  }

  /** @internal No more. @param error what `receive` throws from here on, behind what waits */
  finish(error: Error): void {
    if (this.end) return;
    this.end = error;
    this.timers.stopAll();
    for (const client of this.clients.values()) this.requests.cancelAll(client);
    this.receiver?.reject(error);
    this.hub.forget(this);
  }

  private async release(force: boolean): Promise<void> {
    const outcome = await this.hub.command({ kind: 'release', claim: this.claim, force });
    if (!outcome.ok && outcome.code === 'HAS_CLIENTS') throw new HasClientsError(outcome.count);
    this.queue.clear();
    this.finish(new NotAttachedError(this.name));
  }

  private async next(patience: WaitLimits): Promise<ServerEvent> {
    this.pings.received();
    const event = this.queue.take();
    if (event) return event;
    if (this.end) throw this.end;
    if (patience.timeoutMs === 0) return { kind: 'timeout' };
    const waiting = new BoundedWait<ServerEvent>(this.hub.alarm, patience, () => undefined);
    this.receiver = waiting;
    try {
      return await waiting.promise;
    } catch (error) {
      if (error instanceof TimeoutError) return { kind: 'timeout' };
      throw error;
    } finally {
      if (this.receiver === waiting) this.receiver = null;
    }
  }

  private deliver(event: ServerEvent): void {
    if (this.end) return;
    this.queue.push(event);
    this.serve();
  }

  private serve(): void {
    const { receiver } = this;
    if (!receiver || receiver.isOver) return;
    const event = this.queue.take();
    if (!event) return;
    this.receiver = null;
    receiver.resolve(event);
  }

  private joined(name: string, unknown = new ServerClient(name)): void {
    const client = this.clients.get(name) ?? unknown;
    // It begins with new credit when it says so.
    if (client.hasReturned) return;
    this.clients.set(name, client);
    client.isReachable = true;
    this.deliver({ kind: 'client-joined', client: name });
    for (const messages of client.release()) this.transmit(name, messages);
    this.posts.ledger.attach(name);
  }

  private takeRequest(client: ServerClient, message: Message): void {
    const { id, body } = message;
    client.lastSeen = id;
    if (body.length > this.maxBody) return this.refuse(client.name, id, 'BODY_TOO_LONG');
    if (this.queue.requestCount >= MAX_QUEUED_CALLS) return this.refuse(client.name, id, 'CHANNEL_FULL');
    this.deliver(this.requests.open(client, message));
  }

  private refuse(client: string, id: number, code: 'CHANNEL_FULL' | 'BODY_TOO_LONG'): void {
    const { message } = channelError(code);
    const body = refusalBody(code, message);
    this.transmit(client, [encodeMessage('refusal', this.claim, id, { word: errnoOf(code), body })]);
  }

  private transmit(to: string, messages: readonly Buffer[]): void {
    const client = this.clients.get(to);
    if (client?.isExpected === true) return client.hold(messages);
    if (client?.isReachable !== true) return;
    transmitted(this.hub.transmit(to, messages, this.entry.settings.order));
  }
}
