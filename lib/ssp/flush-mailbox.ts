/**
 * A mailbox under the flush layer, for the calls of the C libraries that stand on it. What comes goes through the layer at
 * once, so that others are answered whether the application receives or not; what is handed out waits in a queue.
 */
import type { Buffer } from 'node:buffer';
import { feed } from '../flush/core/feed.js';
import { FlushLayer } from '../flush/core/layer.js';
import type { DropReason, FlushEvent, FlushSink, FlushStall } from '../flush/core/port.js';
import { stallText } from '../flush/core/stall-text.js';
import { StallTimer } from '../flush/core/stall-timer.js';
import { contentOf } from '../mailbox/content.js';
import { reportDropped } from '../mailbox/diagnostics.js';
import { type Mailbox, RECEIVE_QUEUE_BYTES, RECEIVE_QUEUE_MESSAGES } from '../mailbox/mailbox.js';
import { PendingReceives } from '../mailbox/pending-receives.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import type { Clock } from '../util/clock.js';
import { Fifo } from '../util/fifo.js';
import { CAUSED_BY_JOIN, JOIN_MESS, LEAVE_MESS } from '../wire/service.js';

/** A request that the daemon refused. */
export interface Refusal {
  readonly kind: 'reject';
  readonly sender: string;
  readonly service: number;
  readonly groups: readonly string[];
  readonly type: number;
  readonly senderLittle: boolean;
  readonly body: Buffer;
}

/** What the layer hands out, but for stalls. */
export type FlushMessageEvent = Exclude<FlushEvent, FlushStall>;

/** What may wait for receive calls before nothing more is taken in, but for what others wait for. */
export interface QueueLimits {
  readonly messages?: number | undefined;
  readonly bytes?: number | undefined;
}

/** What waits for the receive calls; a body counts by its bytes. */
interface QueueItem {
  readonly kind: string;
  readonly body?: Uint8Array;
}

export abstract class FlushMailbox<Item extends QueueItem> implements FlushSink<Promise<number>> {
  readonly layer: FlushLayer<Promise<number>>;
  private readonly queue = new Fifo<Item>();
  private queuedBytes = 0;
  private readonly waiters = new PendingReceives();
  /** Groups with a record. */
  private readonly groups = new Set<string>();
  /** The message of the network that is being handled. */
  private handled: ReceivedMessage | null = null;
  private isPulling = false;
  private readonly timer: StallTimer;
  private readonly maxMessages: number;
  private readonly maxBytes: number;

  constructor(
    protected readonly mailbox: Mailbox,
    { messages = RECEIVE_QUEUE_MESSAGES, bytes = RECEIVE_QUEUE_BYTES }: QueueLimits = {},
  ) {
    this.maxMessages = messages;
    this.maxBytes = bytes;
    this.layer = new FlushLayer(mailbox.privateGroup, this, { isExclusive: true });
    this.timer = new StallTimer(this.layer, this.clock);
  }

  /** That of the connection. */
  get clock(): Clock {
    return this.mailbox.platform.clock;
  }

  /** Messages that can be handed out without the network. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Bytes that have come and were not handed out. */
  get waitingBytes(): number {
    return this.mailbox.waitingBytes + this.queuedBytes;
  }

  join(group: string): Promise<number> {
    this.groups.add(group);
    return this.mailbox.send(JOIN_MESS, [group], 0, []);
  }

  leave(group: string): Promise<number> {
    const machine = this.layer.machine(group);
    if (machine?.leaveRefusal() === 0) machine.leave();
    return this.mailbox.send(LEAVE_MESS, [group], 0, []);
  }

  /** Answers the flush request of the group. What came behind a full queue may be what the others wait for. */
  flush(group: string): Promise<number> {
    const flushed = this.layer.machine(group)?.flush();
    this.drain();
    return flushed ?? Promise.resolve(0);
  }

  /** The oldest message that waits, left where it is. */
  peek(): Item | undefined {
    return this.queue.peek();
  }

  /** Takes the oldest message. */
  take(): Item | undefined {
    const item = this.queue.shift();
    if (item === undefined) return undefined;
    this.queuedBytes -= item.body?.length ?? 0;
    // Whoever takes it serves the calls that wait, or there are none.
    if (this.isHalfEmpty()) this.pull();
    return item;
  }

  /** Answers a receive call in its turn; see `Mailbox.answer`. */
  answer<T>(attempt: () => T | undefined, signal?: AbortSignal): Promise<T | undefined> {
    if (this.waiters.length === 0) {
      const answer = attempt();
      if (answer !== undefined) return Promise.resolve(answer);
    }
    return this.waiters.wait(attempt, signal);
  }

  /** Tells the daemon and closes: what waits is thrown away, and calls that wait end. */
  async close(): Promise<void> {
    this.clear();
    const closed = this.mailbox.disconnect();
    this.waiters.serve();
    await closed;
  }

  /** Closes without telling the daemon. */
  kill(): void {
    this.clear();
    this.mailbox.kill();
    this.waiters.serve();
  }

  // What the layer wants.

  deliver(event: FlushEvent): void {
    if (event.kind === 'stalled') {
      this.timer.stalled();
      process.emitWarning(stallText(this.mailbox.privateGroup, event), 'SspFlushWarning');
      this.stalled(event);
      return;
    }
    if (event.kind === 'view') this.timer.begun();
    if (event.kind === 'self-leave') this.groups.delete(event.group);
    this.delivered(event);
  }

  transmit(
    service: number,
    groups: readonly string[],
    type: number,
    pieces: readonly Uint8Array[],
  ): Promise<number> {
    return this.mailbox.send(service, groups, type, pieces);
  }

  settled(isSettled: boolean): void {
    if (isSettled) this.timer.over();
    else this.timer.begun();
  }

  drop(reason: DropReason): void {
    const { handled, mailbox } = this;
    const group = handled?.names(1)[0] ?? '';
    reportDropped({ id: mailbox.privateGroup, group, sender: handled?.name ?? '', reason });
  }

  // What a kind of mailbox makes of it.

  protected abstract delivered(event: FlushMessageEvent): void;

  protected abstract refused(refusal: Refusal): void;

  protected stalled(_stall: FlushStall): void {}

  /** A message of the network that is malformed inside a sound frame. */
  protected malformed(): void {
    this.drop('malformed');
  }

  /** Everything of one message of the network has been handed out. */
  protected taken(): void {}

  /** The connection is gone, and everything that came has been handed out. */
  protected lost(): void {}

  /** Whether others may wait for what this connection answers by itself, however full the queue is. */
  protected isAgreeing(group: string): boolean {
    return this.layer.machine(group)?.isAgreeing === true;
  }

  /** Begins to take in what comes; when the subclass is complete. */
  protected start(): void {
    const { mailbox } = this;
    mailbox.hurry = (group) => this.layer.has(group);
    void mailbox.answer(() => this.arrived());
  }

  /** Puts a message into the queue. */
  protected keep(item: Item): void {
    this.queue.push(item);
    this.queuedBytes += item.body?.length ?? 0;
  }

  /** Takes in what has come, and serves the calls that wait; not inside of taking in, which serves them at its end. */
  protected drain(): void {
    if (this.isPulling) return;
    this.pull();
    this.waiters.serve();
  }

  /** What waits is thrown away. */
  private clear(): void {
    this.timer.stop();
    this.queue.clear();
    this.queuedBytes = 0;
  }

  /** Called whenever something has come. */
  private arrived(): true | undefined {
    this.drain();
    return this.mailbox.state === 'open' ? undefined : true;
  }

  /** Hands what has come to the layer. */
  private pull(): void {
    if (this.isPulling) return;
    this.isPulling = true;
    while (!this.isFull() || this.mustAnswer()) {
      const arrival = this.mailbox.take();
      if (arrival === undefined) break;
      this.handled = arrival;
      this.handle(arrival);
      this.taken();
    }
    this.handled = null;
    this.isPulling = false;
    this.timer.update();
    if (this.mailbox.state !== 'open' && this.mailbox.waiting === 0) this.lost();
  }

  private handle(arrival: ReceivedMessage): void {
    const content = contentOf(arrival, this.mailbox.privateGroup);
    if (content === null) this.malformed();
    else if (arrival.kind !== 'reject') feed(this.layer, arrival, content);
    else this.reject(arrival);
  }

  private reject(arrival: ReceivedMessage): void {
    const { service, name: sender, messType: type, senderLittle, body } = arrival;
    const groups = arrival.names();
    const [group = ''] = groups;
    if ((service & CAUSED_BY_JOIN) !== 0) {
      this.layer.abandon(group);
      if (!this.layer.has(group)) this.groups.delete(group);
    }
    this.refused({ kind: 'reject', sender, service, groups, type, senderLittle, body });
  }

  private isFull(): boolean {
    return this.queue.length >= this.maxMessages || this.queuedBytes >= this.maxBytes;
  }

  private isHalfEmpty(): boolean {
    return this.queue.length <= this.maxMessages / 2 && this.queuedBytes <= this.maxBytes / 2;
  }

  /** Whether others wait for what this connection answers by itself; a change that stalls may wait forever. */
  private mustAnswer(): boolean {
    if (this.mailbox.hasUrgent) return true;
    for (const group of this.groups) if (this.isAgreeing(group)) return true;
    return false;
  }
}
