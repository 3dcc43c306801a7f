/** One connection of the flush calls: the layer between its mailbox and what the application receives. */
import type { Buffer } from 'node:buffer';
import { contentOf } from '../mailbox/content.js';
import { reportDropped } from '../mailbox/diagnostics.js';
import { type Mailbox, RECEIVE_QUEUE_BYTES, RECEIVE_QUEUE_MESSAGES } from '../mailbox/mailbox.js';
import { PendingReceives } from '../mailbox/pending-receives.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import { systemClock } from '../util/clock.js';
import { Fifo } from '../util/fifo.js';
import { CONNECTION_CLOSED, ILLEGAL_SESSION } from '../wire/codes.js';
import { CAUSED_BY_JOIN, JOIN_MESS, LEAVE_MESS } from '../wire/service.js';
import { feed } from './core/feed.js';
import { FlushLayer } from './core/layer.js';
import type { DropReason, FlushEvent, FlushSink, FlushStall } from './core/port.js';
import { stallText } from './core/stall-text.js';
import { StallTimer } from './core/stall-timer.js';

/** A request that the daemon refused. */
interface Refusal {
  readonly kind: 'reject';
  readonly sender: string;
  readonly service: number;
  readonly groups: readonly string[];
  readonly type: number;
  readonly senderLittle: boolean;
  readonly body: Buffer;
}

/** What the receive calls hand out. */
export type Received = Exclude<FlushEvent, FlushStall> | Refusal;

const bytesOf = (event: Received): number => ('body' in event ? event.body.length : 0);

export class FlushSession implements FlushSink<Promise<number>> {
  readonly layer: FlushLayer<Promise<number>>;
  private readonly queue = new Fifo<Received>();
  private queuedBytes = 0;
  private readonly waiters = new PendingReceives();
  /** Groups with a record. */
  private readonly groups = new Set<string>();
  /** The message of the network that is being handled. */
  private handled: ReceivedMessage | null = null;
  private isPulling = false;
  private readonly timer: StallTimer;

  constructor(private readonly mailbox: Mailbox) {
    this.layer = new FlushLayer(mailbox.privateGroup, this, { isExclusive: true });
    this.timer = new StallTimer(this.layer, systemClock);
    mailbox.hurry = (group) => this.layer.has(group);
    void mailbox.answer(() => this.arrived());
  }

  /** Messages that can be handed out without the network. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Bytes that have come and were not handed out. */
  get waitingBytes(): number {
    return this.mailbox.waitingBytes + this.queuedBytes;
  }

  /** 0, or the answer of a call that finds the connection gone: CONNECTION_CLOSED once, then ILLEGAL_SESSION. */
  loss(): number {
    const { mailbox } = this;
    if (mailbox.state === 'open') return 0;
    if (mailbox.state === 'closed' || mailbox.lossTold) return ILLEGAL_SESSION;
    mailbox.lossTold = true;
    return CONNECTION_CLOSED;
  }

  /** Sends a request of the application, or what the layer makes of one. @returns its answer, with `sent` for success */
  async sent(transmitted: Promise<number>, sent: number): Promise<number> {
    return (await transmitted) < 0 ? this.loss() : sent;
  }

  join(group: string): Promise<number> {
    this.groups.add(group);
    return this.mailbox.send(JOIN_MESS, [group], 0, []);
  }

  leave(group: string): Promise<number> {
    this.layer.machine(group)?.leave();
    return this.mailbox.send(LEAVE_MESS, [group], 0, []);
  }

  /** Answers the flush request of the group. What came behind a full queue may be what the others wait for. */
  flush(group: string): Promise<number> {
    const flushed = this.layer.machine(group)?.flush();
    this.drain();
    return flushed ?? Promise.resolve(0);
  }

  /** The oldest message that waits, left where it is. */
  peek(): Received | undefined {
    return this.queue.peek();
  }

  /** Takes the oldest message. */
  take(): void {
    const event = this.queue.shift();
    if (event === undefined) return;
    this.queuedBytes -= bytesOf(event);
    // Whoever takes it serves the calls that wait, or there are none.
    if (this.isHalfEmpty()) this.pull();
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
    this.timer.stop();
    this.queue.clear();
    this.queuedBytes = 0;
    const closed = this.mailbox.disconnect();
    this.waiters.serve();
    await closed;
  }

  // What the layer wants.

  deliver(event: FlushEvent): void {
    if (event.kind === 'stalled') {
      this.timer.stalled();
      process.emitWarning(stallText(this.mailbox.privateGroup, event), 'SspFlushWarning');
      return;
    }
    if (event.kind === 'view') this.timer.begun();
    if (event.kind === 'self-leave') this.groups.delete(event.group);
    this.keep(event);
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

  /** Called whenever something has come. */
  private arrived(): true | undefined {
    this.drain();
    return this.mailbox.state === 'open' ? undefined : true;
  }

  private drain(): void {
    this.pull();
    this.waiters.serve();
  }

  /** Hands what has come to the layer, which answers at once, whether the application receives or not. */
  private pull(): void {
    if (this.isPulling) return;
    this.isPulling = true;
    while (!this.isFull() || this.mustAnswer()) {
      const arrival = this.mailbox.take();
      if (arrival === undefined) break;
      this.handled = arrival;
      this.handle(arrival);
    }
    this.handled = null;
    this.isPulling = false;
    this.timer.update();
  }

  private handle(arrival: ReceivedMessage): void {
    const content = contentOf(arrival, this.mailbox.privateGroup);
    if (content === null) this.drop('malformed');
    else if (arrival.kind !== 'reject') feed(this.layer, arrival, content);
    else this.refused(arrival);
  }

  private refused(arrival: ReceivedMessage): void {
    const { service, name: sender, messType: type, senderLittle, body } = arrival;
    const groups = arrival.names();
    const [group = ''] = groups;
    if ((service & CAUSED_BY_JOIN) !== 0) {
      this.layer.abandon(group);
      if (!this.layer.has(group)) this.groups.delete(group);
    }
    this.keep({ kind: 'reject', sender, service, groups, type, senderLittle, body });
  }

  private keep(event: Received): void {
    this.queue.push(event);
    this.queuedBytes += bytesOf(event);
  }

  private isFull(): boolean {
    return this.queue.length >= RECEIVE_QUEUE_MESSAGES || this.queuedBytes >= RECEIVE_QUEUE_BYTES;
  }

  private isHalfEmpty(): boolean {
    return this.queue.length <= RECEIVE_QUEUE_MESSAGES / 2 && this.queuedBytes <= RECEIVE_QUEUE_BYTES / 2;
  }

  /** Whether others wait for what this connection answers by itself; a change that stalls may wait forever. */
  private mustAnswer(): boolean {
    if (this.mailbox.hasUrgent) return true;
    for (const group of this.groups) if (this.layer.machine(group)?.isAgreeing) return true;
    return false;
  }
}
