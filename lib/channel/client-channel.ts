/** A channel as its client holds it [channels 17.2, 17.4]. */
import { AsyncQueue } from '../util/async-queue.js';
import { BoundedWait } from './bounded-wait.js';
import { type WaitLimits, check, checkNumber, checkPatience, checkedBody } from './check.js';
import type { ChannelContext } from './context.js';
import { IllegalParamError, ConnectionClosedError } from '../errors.js';
import {
  BodyTooLongError,
  BufferingOffError,
  type GoneReason,
  NotAttachedError,
  ServerGoneError,
  ServerUnreachableError,
  TimeoutError,
} from './errors.js';
import type { ClientEvent } from './event.js';
import type { CallOptions, ClientState, PingOptions, PostOptions, Reply } from './options.js';
import { Outbox } from './outbox.js';
import { type QueuedSend, Receipt, idle, replyOf } from './queued-send.js';
import { ANY_LENGTH, type Message, encodeMessage } from './protocol/message.js';
import { inParts } from './protocol/parts.js';
import { refusalOf } from './protocol/refusal.js';
import type { Entry } from './registry/entry.js';
import { APPLICATION_PING } from './server-requests.js';

const CALL_KEYS = new Set(['timeoutMs', 'signal', 'maxReply', 'partition']);
const POST_KEYS = new Set(['timeoutMs', 'signal', 'partition', 'confirm']);
const PING_KEYS = new Set(['timeoutMs', 'signal', 'depth']);

/**
 * A channel as its clients see it: sends requests and posts to the server. Made by `Channels.openChannel`.
 */
export class ClientChannel implements AsyncDisposable {
  private current: ClientState = 'open';
  private goneReason: GoneReason | null = null;
  /** What ended the connection, or keeps it from taking part. */
  private loss: Error | null = null;
  private readonly outbox: Outbox;
  /** Whether the server has returned under another id, and is not known to be back. */
  private hasServerReturned = false;
  private readonly happenings = new AsyncQueue<ClientEvent>();
  private closing: Promise<void> | null = null;

  /** @internal Made by `openChannel`. */
  constructor(
    private readonly hub: ChannelContext,
    private entry: Entry,
  ) {
    this.outbox = new Outbox(hub, entry);
  }

  /** Name of the channel. */
  get name(): string {
    return this.entry.name;
  }

  /** Id of the owner. */
  get server(): string {
    return this.entry.owner;
  }

  /**
   * `open`, `unreachable` while the server is in another part of the network, `gone` when it has ended,
   * `closed` here.
   */
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
   * Sends a request and waits for its reply. It is carried out once at most: the library never repeats it. If the channel
   * has `ackReceipt`, the error of a call that fails says in `received` whether the server had begun with it; the reason of
   * a signal is passed on as it is and says nothing.
   * @param type signed 32-bit number, @param body default none
   * @throws ServerGoneError, ServerUnreachableError, TimeoutError, the signal's reason, NotAttachedError, RefusedError with the
   * server's own word, IllegalParamError, BodyTooLongError, ChannelFullError, ConnectionClosedError
   */
  call(type: number, body?: Uint8Array, options: CallOptions = {}): Promise<Reply> {
    const receipt = this.entry.settings.ackReceipt ? new Receipt() : null;
    const reply = this.request(type, body, options, receipt);
    return receipt ? receipt.of(reply, (options as CallOptions | null)?.signal) : reply;
  }

  /**
   * Sends without waiting for an answer, as soon as there is a place in the server's queue. Posts and calls of one
   * client arrive in the order in which they were made. One that ends in time or by its signal was not queued, unless
   * `confirm` had it wait for more than its place.
   * @returns how many of this client's posts waited before this one, as far as it knows
   * @throws as `call`, and BufferingOffError for a channel that takes no posts
   */
  async post(
    type: number,
    body?: Uint8Array,
    options: PostOptions = {},
  ): Promise<{
    /** Posts of this client that waited before this one, as far as it knows. */
    depth: number;
  }> {
    checkNumber(type, 'type');
    check.keys(options, POST_KEYS);
    const { confirm = false, partition, timeoutMs, signal } = options;
    if (typeof confirm !== 'boolean') throw new IllegalParamError('confirm');
    const bytes = checkedBody(body, this.maxBody);
    const { maxBuffered, maxBufferedBytes } = this.entry.settings;
    const waits = this.check({ signal }, partition, timeoutMs);
    if (maxBuffered === 0) throw new BufferingOffError(this.name);
    if (bytes.length > maxBufferedBytes)
      throw new BodyTooLongError(`the queue is limited to ${maxBufferedBytes} bytes`);
    const { depth } = this.outbox;
    const waiting = new BoundedWait<{ depth: number }>(
      this.hub.alarm,
      // What there is a place for now is sent before the time is looked at.
      { signal, timeoutMs: timeoutMs === 0 ? undefined : timeoutMs },
      () => this.outbox.gaveUp(outgoing),
    );
    const id = this.hub.nextId();
    const head = { claim: this.claim, id, word: type, limit: confirm ? 1 : 0, deadline: 0 };
    const outgoing: QueuedSend = {
      ...idle('post', id, inParts('queued', head, bytes), waits),
      bytes: bytes.length,
      confirm,
      settle: (answer) => waiting.resolve({ depth: answer ? answer.word : depth }),
      fail: (error) => waiting.reject(error),
    };
    this.outbox.dispatch(outgoing);
    if (timeoutMs === 0 && !outgoing.isSent) {
      this.outbox.gaveUp(outgoing);
      throw new TimeoutError('the queue has no free place now');
    }
    return await waiting.promise;
  }

  /**
   * Milliseconds to the server and back.
   * @throws as `call`
   */
  async ping(options: PingOptions = {}): Promise<number> {
    check.keys(options, PING_KEYS);
    const { depth = 'library', timeoutMs, signal } = options;
    if (depth !== 'library' && depth !== 'application')
      throw new IllegalParamError(`depth must be 'library' or 'application'`);
    this.check(options, 'fail');
    const begin = this.hub.alarm.now();
    const waiting = new BoundedWait<number>(this.hub.alarm, { timeoutMs, signal }, () =>
      this.outbox.gaveUp(outgoing),
    );
    const id = this.hub.nextId();
    const messages = [
      encodeMessage('ping', this.claim, id, {
        word: depth === 'library' ? 0 : APPLICATION_PING,
      }),
    ];
    const outgoing: QueuedSend = {
      ...idle('ping', id, messages, false),
      settle: () => waiting.resolve(this.hub.alarm.now() - begin),
      fail: (error) => waiting.reject(error),
    };
    // It asks about the server, not about the queue.
    this.outbox.overtake(outgoing);
    return await waiting.promise;
  }

  /** What happens to the server, from the opening on. One loop at a time; it ends when the channel does. */
  events(): AsyncIterable<ClientEvent> {
    return this.happenings.loop();
  }

  /** Detaches: the server receives `client-left`. Calls under way reject with NotAttachedError. Harmless twice. */
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
        this.outbox.answered(message.id, (outgoing) => outgoing.settle(message));
        break;
      case 'refusal':
        this.outbox.answered(message.id, (outgoing) => outgoing.fail(refusalOf(message)));
        break;
      case 'received':
        this.outbox.received(message.id);
        break;
      case 'credit':
        this.outbox.takeCredit(message);
        break;
      case 'answer':
        this.outbox.learn(message);
        break;
      default:
        this.hub.dropped.malformed++;
    }
  }

  /** @internal The server is in another part of the network. */
  unreachable(): void {
    if (this.current !== 'open') return;
    this.current = 'unreachable';
    this.outbox.unreachable();
    this.happenings.push({ kind: 'server-unreachable' });
  }

  /** @internal It is back. */
  back(): void {
    if (this.current !== 'unreachable') return;
    this.current = 'open';
    this.happenings.push({ kind: 'server-back' });
    this.outbox.back(this.hasServerReturned);
    this.hasServerReturned = false;
  }

  /** @internal The server has returned under another id. */
  serverReturned(owner: string): void {
    this.entry = { ...this.entry, owner };
    this.outbox.owner = owner;
    this.hasServerReturned = this.current === 'unreachable';
  }

  /** @internal The own connection was lost, and the server knows it still. @param isServerHere whether it can be reached now */
  returned(owner: string, isServerHere: boolean): void {
    if (owner !== this.server) this.serverReturned(owner);
    if (!isServerHere) return this.unreachable();
    if (this.current === 'unreachable') this.happenings.push({ kind: 'server-back' });
    this.current = 'open';
    this.outbox.returned();
  }

  /** @internal The own connection is lost, and what is sent waits; or it is back, and the server has not noticed. */
  suspend(isSuspended: boolean): void {
    if (isSuspended) this.outbox.suspend();
    else if (this.current === 'open') this.outbox.continue();
  }

  /** @internal After a loss of the own connection it is a client again. */
  attached(): void {
    if (this.current === 'unreachable') this.happenings.push({ kind: 'server-back' });
    this.current = 'open';
    this.outbox.attached();
  }

  /** @internal There is no such channel any more. */
  gone(reason: GoneReason): void {
    if (this.current === 'gone' || this.current === 'closed') return;
    this.current = 'gone';
    this.goneReason = reason;
    this.outbox.end(() => new ServerGoneError(reason, this.name));
    this.happenings.push({ kind: 'server-gone', reason, lost: Math.max(0, this.outbox.depth) });
    this.happenings.end();
  }

  /** @internal The daemon has refused the message of that id. @returns whether anybody waited for its answer */
  refused(id: number, error: Error): boolean {
    return this.outbox.refused(id, error);
  }

  /** @internal The own connection is gone, or gives up its channels. @param error why */
  lost(error: Error): void {
    if (!(error instanceof NotAttachedError)) this.loss = error;
    if (this.current !== 'gone') this.current = 'closed';
    this.outbox.end(() => this.lossError() ?? new NotAttachedError(this.name, { cause: error }));
    this.happenings.end();
  }

  /** A new one for each who waits; what a policy refused is the same for all. */
  private lossError(): Error | null {
    const { loss } = this;
    return loss instanceof ConnectionClosedError
      ? new ConnectionClosedError(undefined, { cause: loss })
      : loss;
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

  private async request(
    type: number,
    body: Uint8Array | undefined,
    options: CallOptions,
    receipt: Receipt | null,
  ): Promise<Reply> {
    checkNumber(type, 'type');
    const bytes = checkedBody(body, this.maxBody);
    check.keys(options, CALL_KEYS);
    const { maxReply, partition, timeoutMs, signal } = options;
    check.count(maxReply, 'maxReply');
    const waits = this.check(options, partition);
    const { alarm } = this.hub;
    const until = timeoutMs === undefined ? null : alarm.now() + timeoutMs;
    const waiting = new BoundedWait<Reply>(alarm, { timeoutMs, signal }, () => this.outbox.gaveUp(outgoing));
    const id = this.hub.nextId();
    const limit = Math.min(maxReply ?? ANY_LENGTH, ANY_LENGTH);
    const head = { claim: this.claim, id, word: type, limit, deadline: 0 };
    const outgoing: QueuedSend = {
      ...idle('call', id, inParts('request', head, bytes), waits),
      until,
      receipt,
      settle: (answer) => waiting.resolve(replyOf(answer as Message, this.server)),
      fail: (error) => waiting.reject(error),
    };
    this.outbox.dispatch(outgoing);
    return await waiting.promise;
  }

  /** Whether the call waits for the end of a partition. Throws what keeps it from being sent at all. */
  private check(patience: WaitLimits, partition: unknown, postTime?: number): boolean {
    checkPatience({ timeoutMs: postTime, ...patience });
    if (partition !== undefined && partition !== 'fail' && partition !== 'wait') {
      throw new IllegalParamError(`partition must be 'fail' or 'wait'`);
    }
    const loss = this.lossError();
    if (loss) throw loss;
    if (this.current === 'closed') throw new NotAttachedError(this.name);
    patience.signal?.throwIfAborted();
    if (this.current === 'gone') throw new ServerGoneError(this.goneReason, this.name);
    if (this.current === 'unreachable' && partition !== 'wait') throw new ServerUnreachableError(this.name);
    if (patience.timeoutMs === 0) throw new TimeoutError('no answer arrives at once');
    return partition === 'wait';
  }
}
