/** A channel as its client holds it (messip-channels.md 17.2, 17.4). */
import type { Buffer } from 'node:buffer';
import { Fifo } from '../mailbox/fifo.js';
import { checkCount, checkedBody, checkNumber, checkPatience, type Patience } from './check.js';
import {
  BadArgumentError,
  BodyTooLongError,
  BufferingOffError,
  type ChannelError,
  ConnectionLostError,
  NotAttachedError,
  ServerGoneError,
  ServerUnreachableError,
  TimeoutError,
} from './errors.js';
import type { CallOptions, ClientState, PingOptions, PostOptions, Reply } from './client-options.js';
import { EventLoop } from './event-loop.js';
import type { ClientEvent } from './event.js';
import { type Hub, transmitted } from './hub.js';
import { idle, type Outgoing, replyOf } from './outgoing.js';
import { throwIfAborted, Waiting } from './patience.js';
import { APPLICATION_PING } from './pings.js';
import { CREDIT, decodeGrant, encodeGiveBack, encodeWant, type Grant } from './protocol/credit.js';
import { ANY_LENGTH, encodeMessage, type Message } from './protocol/message.js';
import { inParts } from './protocol/parts.js';
import { decodeAnswer, encodeQuery, MAX_QUERIED } from './protocol/query.js';
import { refusalOf } from './protocol/refusal.js';
import type { GoneReason } from './reason.js';
import type { Entry } from './registry/entry.js';

export class ClientChannel implements AsyncDisposable {
  private current: ClientState = 'open';
  private goneReason: GoneReason | null = null;
  private isLost = false;
  /** What an answer is awaited for, by correlation id. */
  private readonly awaited = new Map<number, Outgoing>();
  /** What could not be sent yet, in order. */
  private queue = new Fifo<Outgoing>();
  private credit = { posts: 0, bytes: 0 };
  /** Whether the server has told the first credit: before, nothing needs to be asked for. */
  private isWelcome = false;
  private posted = 0;
  private taken = 0;
  private readonly happenings = new EventLoop<ClientEvent>();
  private closing: Promise<void> | null = null;

  /** @internal Made by `openChannel`. */
  constructor(
    private readonly hub: Hub,
    private readonly entry: Entry,
  ) {}

  get name(): string {
    return this.entry.name;
  }

  /** Private name of the owner. */
  get server(): string {
    return this.entry.owner;
  }

  get state(): ClientState {
    return this.current;
  }

  /** @internal */
  get claim(): string {
    return this.entry.claim;
  }

  /** @internal Longest body that may come. */
  get maxBody(): number {
    return this.entry.settings.maxBody;
  }

  /**
   * Sends a request and waits for its reply. It is carried out once at most: the library never repeats it.
   * @param type signed 32-bit number, @param body default none
   * @throws ServerGoneError, ServerUnreachableError, TimeoutError, AbortedError, NotAttachedError, RefusedError with the
   * server's own word, BadArgumentError, BodyTooLongError, ChannelFullError, ConnectionLostError
   */
  async call(type: number, body?: Uint8Array, options: CallOptions = {}): Promise<Reply> {
    checkNumber(type, 'type');
    const bytes = checkedBody(body, this.maxBody);
    const { maxReply, partition, timeoutMs, signal } = options;
    checkCount(maxReply, 'maxReply');
    const waits = this.check(options, partition);
    const waiting = new Waiting<Reply>(this.hub.alarm, { timeoutMs, signal }, () => this.gaveUp(outgoing));
    const id = this.hub.nextId();
    const deadline = timeoutMs === undefined ? 0 : Math.min(Math.ceil(timeoutMs), ANY_LENGTH);
    const limit = Math.min(maxReply ?? ANY_LENGTH, ANY_LENGTH);
    const head = { claim: this.claim, id, word: type, limit, deadline };
    const outgoing: Outgoing = {
      ...idle('call', id, inParts('request', head, bytes), waits),
      settle: (answer) => waiting.resolve(replyOf(answer as Message, this.server)),
      fail: (error) => waiting.reject(error),
    };
    this.awaited.set(id, outgoing);
    this.dispatch(outgoing);
    return await waiting.promise;
  }

  /**
   * Sends without waiting for an answer, as soon as there is a place in the server's queue. Posts and calls of one
   * client arrive in the order in which they were made. One that ends in time or by its signal was not queued, unless
   * `confirm` had it wait for more than its place.
   * @returns how many of this client's posts waited before this one, as far as it knows
   * @throws as `call`, and BufferingOffError for a channel that takes no posts
   */
  async post(type: number, body?: Uint8Array, options: PostOptions = {}): Promise<{ depth: number }> {
    checkNumber(type, 'type');
    const { confirm = false, partition, timeoutMs, signal } = options;
    if (typeof confirm !== 'boolean') throw new BadArgumentError('confirm');
    const bytes = checkedBody(body, this.maxBody);
    const { maxBuffered, maxBufferedBytes } = this.entry.settings;
    const waits = this.check({ signal }, partition, timeoutMs);
    if (maxBuffered === 0) throw new BufferingOffError(this.name);
    if (bytes.length > maxBufferedBytes)
      throw new BodyTooLongError(`the queue has ${maxBufferedBytes} bytes`);
    const depth = this.posted - this.taken;
    const waiting = new Waiting<{ depth: number }>(
      this.hub.alarm,
      // What there is a place for now is sent before the time is looked at.
      { signal, timeoutMs: timeoutMs === 0 ? undefined : timeoutMs },
      () => this.gaveUp(outgoing),
    );
    const id = this.hub.nextId();
    const head = { claim: this.claim, id, word: type, limit: confirm ? 1 : 0, deadline: 0 };
    const outgoing: Outgoing = {
      ...idle('post', id, inParts('queued', head, bytes), waits),
      bytes: bytes.length,
      confirm,
      settle: (answer) => waiting.resolve({ depth: answer ? answer.word : depth }),
      fail: (error) => waiting.reject(error),
    };
    this.awaited.set(id, outgoing);
    this.dispatch(outgoing);
    if (timeoutMs === 0 && !outgoing.isSent) {
      this.gaveUp(outgoing);
      throw new TimeoutError('there is no place now');
    }
    return await waiting.promise;
  }

  /**
   * Milliseconds to the server and back.
   * @throws as `call`
   */
  async ping(options: PingOptions = {}): Promise<number> {
    const { depth = 'library', timeoutMs, signal } = options;
    if (depth !== 'library' && depth !== 'application')
      throw new BadArgumentError(`depth is 'library' or 'application'`);
    this.check(options, 'fail');
    const begin = this.hub.alarm.now();
    const waiting = new Waiting<number>(this.hub.alarm, { timeoutMs, signal }, () => this.gaveUp(outgoing));
    const id = this.hub.nextId();
    const messages = [
      encodeMessage('ping', this.claim, id, {
        word: depth === 'library' ? 0 : APPLICATION_PING,
      }),
    ];
    const outgoing: Outgoing = {
      ...idle('ping', id, messages, false),
      settle: () => waiting.resolve(this.hub.alarm.now() - begin),
      fail: (error) => waiting.reject(error),
    };
    this.awaited.set(id, outgoing);
    // A ping overtakes what waits: it asks about the server, not about the queue.
    this.send(outgoing);
    return await waiting.promise;
  }

  /** What happens to the server, from the opening on. One loop at a time; it ends when the channel does. */
  events(): AsyncIterable<ClientEvent> {
    return this.happenings.loop(() => undefined);
  }

  /** Detaches: the server is told `client-left`. Calls under way reject with NotAttachedError. Harmless twice. */
  close(): Promise<void> {
    this.closing ??= this.detach();
    return this.closing;
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal A message of the server for this handle. */
  take(message: Message): void {
    switch (message.kind) {
      case 'reply':
      case 'pong':
        this.answered(message.id, (outgoing) => outgoing.settle(message));
        break;
      case 'refusal':
        this.answered(message.id, (outgoing) => outgoing.fail(refusalOf(message)));
        break;
      case 'credit':
        this.takeCredit(message);
        break;
      case 'answer':
        for (const [id, fate] of decodeAnswer(message)) this.learn(id, fate);
        break;
      default:
        this.hub.dropped.malformed++;
    }
  }

  /** @internal The server is in another part of the network. */
  unreachable(): void {
    if (this.current !== 'open') return;
    this.current = 'unreachable';
    this.isWelcome = false;
    this.credit = { posts: 0, bytes: 0 };
    for (const outgoing of this.awaited.values()) {
      outgoing.isWanted = false;
      if (!outgoing.waits) this.drop(outgoing, new ServerUnreachableError(this.name));
    }
    this.happenings.push({ kind: 'server-unreachable' });
  }

  /** @internal It is back. */
  back(): void {
    if (this.current !== 'unreachable') return;
    this.current = 'open';
    this.happenings.push({ kind: 'server-back' });
    const sent = [...this.awaited.values()].filter(({ isSent }) => isSent).map(({ id }) => id);
    for (let at = 0; at < sent.length; at += MAX_QUERIED) {
      this.transmit([encodeQuery(this.claim, sent.slice(at, at + MAX_QUERIED))]);
    }
    this.pump();
  }

  /** @internal There is no such channel any more. */
  gone(reason: GoneReason): void {
    if (this.current === 'gone' || this.current === 'closed') return;
    this.current = 'gone';
    this.goneReason = reason;
    for (const outgoing of this.awaited.values()) this.drop(outgoing, new ServerGoneError(reason, this.name));
    this.happenings.push({ kind: 'server-gone', reason, lost: Math.max(0, this.posted - this.taken) });
    this.happenings.end();
  }

  /** @internal The own connection is gone, or gives up its channels. @param error what calls under way get */
  lost(error: ChannelError): void {
    this.isLost = error instanceof ConnectionLostError;
    if (this.current !== 'gone') this.current = 'closed';
    for (const outgoing of this.awaited.values()) this.drop(outgoing, error);
    this.happenings.end();
  }

  private async detach(): Promise<void> {
    const wasAttached = this.current === 'open' || this.current === 'unreachable';
    this.goneReason = null;
    this.current = 'closed';
    this.lost(new NotAttachedError(this.name));
    this.hub.forget(this);
    // The connection may end meanwhile: that detaches, too.
    if (wasAttached) await this.hub.command({ kind: 'detach', claim: this.claim }).catch(() => undefined);
  }

  /** Whether the call waits for the end of a partition. Throws what keeps it from being sent at all. */
  private check(patience: Patience, partition: unknown, postTime?: number): boolean {
    checkPatience({ timeoutMs: postTime, ...patience });
    if (partition !== undefined && partition !== 'fail' && partition !== 'wait') {
      throw new BadArgumentError(`partition is 'fail' or 'wait'`);
    }
    if (this.isLost) throw new ConnectionLostError();
    if (this.current === 'closed') throw new NotAttachedError(this.name);
    throwIfAborted(patience.signal);
    if (this.current === 'gone') throw new ServerGoneError(this.goneReason, this.name);
    if (this.current === 'unreachable' && partition !== 'wait') throw new ServerUnreachableError(this.name);
    if (patience.timeoutMs === 0) throw new TimeoutError('an answer is never there at once');
    return partition === 'wait';
  }

  /** Sends now, or behind what waits already. */
  private dispatch(outgoing: Outgoing): void {
    if (this.queue.length === 0 && this.canSend(outgoing)) return this.send(outgoing);
    this.queue.push(outgoing);
    this.want(outgoing);
  }

  private canSend({ kind, bytes }: Outgoing): boolean {
    if (this.current !== 'open') return false;
    if (kind !== 'post' || this.entry.settings.overflow === 'drop-oldest') return true;
    return this.credit.posts > 0 && this.credit.bytes >= bytes;
  }

  private send(outgoing: Outgoing): void {
    outgoing.isSent = true;
    this.transmit(outgoing.messages);
    if (outgoing.kind !== 'post') return;
    this.posted++;
    if (this.entry.settings.overflow !== 'drop-oldest') {
      this.credit.posts--;
      this.credit.bytes -= outgoing.bytes;
    }
    if (outgoing.confirm) return;
    this.awaited.delete(outgoing.id);
    outgoing.settle(null);
  }

  /** Asks for a place. */
  private want(outgoing: Outgoing): void {
    if (outgoing.kind !== 'post' || outgoing.isWanted || !this.isWelcome || this.current !== 'open') return;
    outgoing.isWanted = true;
    this.transmit([encodeWant(this.claim, outgoing.id, outgoing.bytes)]);
  }

  /** Sends what can be sent now. */
  private pump(): void {
    const { queue } = this;
    for (let next = queue.peek(); next; next = queue.peek()) {
      const isOver = !this.awaited.has(next.id);
      if (!isOver && !this.canSend(next)) break;
      queue.shift();
      if (!isOver) this.send(next);
    }
    for (let rest = queue.length; rest > 0; rest--) {
      const outgoing = queue.shift() as Outgoing;
      if (this.awaited.has(outgoing.id)) {
        queue.push(outgoing);
        this.want(outgoing);
      }
    }
  }

  private takeCredit(message: Message): void {
    if (message.word === CREDIT.recall) {
      this.transmit([encodeGiveBack(this.claim, this.credit)]);
      this.credit = { posts: 0, bytes: 0 };
      return;
    }
    const grant = decodeGrant(message);
    if (!grant) return void this.hub.dropped.malformed++;
    this.granted(grant);
  }

  private granted({ posts, bytes, isFirst, taken }: Grant): void {
    // Credit from before this handle, or from before a partition.
    if (!isFirst && !this.isWelcome) return;
    this.isWelcome = true;
    this.taken = taken;
    const { credit } = this;
    this.credit = isFirst ? { posts, bytes } : { posts: credit.posts + posts, bytes: credit.bytes + bytes };
    this.pump();
  }

  private answered(id: number, settle: (outgoing: Outgoing) => void): void {
    const outgoing = this.awaited.get(id);
    if (!outgoing) return void this.hub.dropped.late++;
    this.awaited.delete(id);
    settle(outgoing);
    // A refused post leaves its place to the next one.
    if (!outgoing.isSent) this.pump();
  }

  /** What became of a call that was under way when the network broke. */
  private learn(id: number, fate: 'held' | 'unseen' | 'answered'): void {
    const outgoing = this.awaited.get(id);
    if (!outgoing || fate === 'held') return;
    if (fate === 'unseen') this.send(outgoing);
    else this.drop(outgoing, new ServerUnreachableError(`${this.name}, which answered out of sight`));
  }

  private gaveUp(outgoing: Outgoing): void {
    this.awaited.delete(outgoing.id);
    if (outgoing.kind === 'ping') return;
    // A sent post stays sent: nobody waits for its place.
    const isToTell = outgoing.isSent ? outgoing.kind === 'call' : outgoing.isWanted;
    if (isToTell && this.current === 'open')
      this.transmit([encodeMessage('cancel', this.claim, outgoing.id)]);
    if (!outgoing.isSent) this.pump();
  }

  private drop(outgoing: Outgoing, error: Error): void {
    this.awaited.delete(outgoing.id);
    outgoing.fail(error);
  }

  private transmit(messages: readonly Buffer[]): void {
    transmitted(this.hub.transmit(this.server, messages, this.entry.settings.order));
  }
}
