/** One connection to a daemon, seen by the client. Below both APIs: it answers with codes and moves bytes. */
import { reportClosed, reportConnect, reportLoss, reportPause } from '#diagnostics';
import type { Buffer } from '#buffer';
import { ACCEPT_SESSION, CONNECTION_CLOSED, ILLEGAL_MESSAGE } from '../wire/codes.js';
import { checkDelivery } from '../wire/delivery.js';
import type { Welcome } from '../wire/extension/welcome.js';
import { FrameFault } from '../wire/fault.js';
import { FrameReader } from '../wire/frame-reader.js';
import type { Accept } from '../wire/handshake/accept.js';
import type { Version } from '../wire/handshake/connect-request.js';
import { isExtensionFrame } from '../wire/header.js';
import { HEADER_BYTES } from '../wire/limits.js';
import { KILL_MESS, MEMBERSHIP_MESS, REJECT_MESS } from '../wire/service.js';
import { ReceivedMessage } from './received-message.js';
import { dial, type DialOptions } from './dial.js';
import type { DialFailure } from './dial-failure.js';
import type { ExtensionMailbox, MailboxExtension } from './extension.js';
import { Fifo } from '../util/fifo.js';
import { Outbox, type Sender } from './outbox.js';
import { type Platform, systemPlatform } from './platform.js';
import type { Transport } from './transport.js';
import { ViewIds } from './view.js';
import { PendingReceives } from './pending-receives.js';

/** The socket is not read while this many messages, or bytes of messages, wait to be taken. */
export const RECEIVE_QUEUE_MESSAGES = 10_000;
export const RECEIVE_QUEUE_BYTES = 4 * 1024 * 1024;

/** While fewer bytes are unsent, `submit` answers at once. */
export const SEND_HIGH_WATER = 1024 * 1024;

/** Longest wait for the daemon to take the disconnect request and to close, in milliseconds. */
const DISCONNECT_LIMIT_MS = 2_000;

/** The answer of every send on a connection that is gone. */
const notSent = Promise.resolve(CONNECTION_CLOSED);

export interface MailboxOptions extends DialOptions {
  /** Default RECEIVE_QUEUE_MESSAGES, at least 1. The chunk that goes beyond a limit is still taken in. */
  readonly queueMessages?: number | undefined;
  /** Default RECEIVE_QUEUE_BYTES, at least 1. */
  readonly queueBytes?: number | undefined;
  /** Default SEND_HIGH_WATER, at least 1; see `submit`. */
  readonly sendHighWater?: number | undefined;
}

/** `lost`: the connection broke; messages may still wait. `closed`: given up on this side, nothing waits. */
export type MailboxState = 'open' | 'lost' | 'closed';

export class Mailbox {
  /** The connection's own name in the cluster, `#name#daemon`. */
  readonly privateGroup: string;
  readonly daemonVersion: Version;
  /** Whether the connection asked for membership messages. */
  readonly membership: boolean;
  /** What it has of the world outside. */
  readonly platform: Platform;
  /** Why the connection was lost, if anything is known. */
  cause: Error | undefined;
  /** Whether a call has reported the loss; each API decides what the later calls answer. */
  lossTold = false;
  /** Whether a plain call has read the oldest message's header and left the message where it is. */
  headerSeen = false;
  /**
   * For a layer above that owes others an answer to the memberships of some groups: says of which, and hears of each
   * when it arrives.
   */
  hurry: ((group: string) => boolean) | null = null;
  /** Hears of the loss when it happens, before what has arrived was taken. */
  onLost: (() => void) | null = null;

  private current: MailboxState = 'open';
  private readonly queue = new Fifo<ReceivedMessage>(64);
  private queuedBytes = 0;
  /** Memberships that wait and that others wait for; see `hurry`. */
  private readonly urgent = new Set<ReceivedMessage>();
  private paused = false;
  private readonly maxMessages: number;
  private readonly maxBytes: number;
  private readonly reader = new FrameReader({
    header: checkDelivery,
    frame: (bytes, start, end) => this.arrive(bytes, start, end),
  });
  private faultTold = false;
  private readonly viewIds = new ViewIds();
  private readonly waiters = new PendingReceives();
  private outbox: Sender;
  /** What was agreed beyond the protocol of Spread; null in a plain session. */
  readonly extension: MailboxExtension | null;
  /** Bytes that came. */
  private heard = 0;

  /**
   * Connects to a daemon.
   * @returns the mailbox, or the negative code that connect answers with; see `dial`
   */
  static async open(options: MailboxOptions = {}): Promise<Mailbox | number> {
    const opened = await Mailbox.dial(options);
    return opened instanceof Mailbox ? opened : opened.code;
  }

  /** The same. @returns the mailbox, or why there is none */
  static async dial(options: MailboxOptions): Promise<Mailbox | DialFailure> {
    const opened = await dial(
      options,
      (transport, { accept, welcome, rest }) => new Mailbox(transport, accept, welcome, rest, options),
    );
    const isOpen = opened instanceof Mailbox;
    reportConnect({
      address: options.spreadName ?? '',
      name: options.name ?? '',
      result: isOpen ? ACCEPT_SESSION : opened.code,
      id: isOpen ? opened.privateGroup : '',
      error: isOpen ? undefined : opened.error,
    });
    return opened;
  }

  private constructor(
    private readonly transport: Transport,
    accept: Accept,
    welcome: Welcome | null,
    rest: Buffer,
    options: MailboxOptions,
  ) {
    this.privateGroup = accept.privateGroup;
    this.daemonVersion = accept.version;
    this.membership = options.membership ?? true;
    this.platform = options.platform ?? systemPlatform;
    this.maxMessages = options.queueMessages ?? RECEIVE_QUEUE_MESSAGES;
    this.maxBytes = options.queueBytes ?? RECEIVE_QUEUE_BYTES;
    const highWater = options.sendHighWater ?? SEND_HIGH_WATER;
    this.outbox = new Outbox(transport, accept.privateGroup, highWater, this.platform.clock);
    const { extension } = options;
    this.extension = extension && welcome ? extension.granted(welcome, this.extended()) : null;
    transport.on('data', (chunk) => this.receive(chunk));
    transport.on('end', () => this.lose());
    transport.on('close', () => this.lose());
    transport.on('error', (error) => this.break(error));
    this.receive(rest);
  }

  get state(): MailboxState {
    return this.current;
  }

  /** Number of complete messages on this side of the connection [receive R10]. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Bytes received and not taken, those of an incomplete message included and a header seen left out. */
  get waitingBytes(): number {
    return this.queuedBytes + this.reader.pending - (this.headerSeen ? HEADER_BYTES : 0);
  }

  /** Whether a membership waits that others wait for; see `hurry`. */
  get hasUrgent(): boolean {
    return this.urgent.size > 0;
  }

  /**
   * Sends one frame: a multicast, join or leave, told by `service`. What is sent in one synchronous turn leaves
   * together. Nothing is checked here.
   * @param groups cut to 31 bytes each
   * @param messType signed 16-bit number
   * @param pieces data of 16 KiB and more must stay as it is until the promise resolves; less is copied at once
   * @returns 0 when the kernel has the bytes, CONNECTION_CLOSED when the connection broke before; never rejects
   */
  send(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
  ): Promise<number> {
    return this.current === 'open' ? this.outbox.send(service, groups, messType, pieces) : notSent;
  }

  /** Sends a frame of the extension, in its place among the messages. @returns as `send` */
  sendExtension(frame: Buffer): Promise<number> {
    return this.current === 'open' ? this.outbox.write(frame) : notSent;
  }

  /**
   * As `send`, but answered at once with 0 when the data was copied and less than `sendHighWater` is unsent, later when that
   * is so again.
   */
  submit(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
  ): Promise<number> {
    return this.current === 'open' ? this.outbox.submit(service, groups, messType, pieces) : notSent;
  }

  /** From here on requests leave through another sender, which gets the transport. Nothing may have been sent yet. */
  sendThrough(sender: Sender): Transport {
    this.outbox = sender;
    return this.transport;
  }

  /** All messages that wait, in their order; they stay where they are. */
  items(): readonly ReceivedMessage[] {
    return this.queue.items();
  }

  /** The oldest message, which stays where it is. */
  peek(): ReceivedMessage | undefined {
    return this.queue.peek();
  }

  /** Takes the oldest message; undefined when none is here. Never waits. */
  take(): ReceivedMessage | undefined {
    const arrival = this.queue.shift();
    if (arrival === undefined) return undefined;
    this.queuedBytes -= arrival.length;
    if (this.urgent.size > 0) this.urgent.delete(arrival);
    this.headerSeen = false;
    if (this.paused && this.isHalfEmpty()) {
      this.paused = false;
      this.transport.resume();
    }
    return arrival;
  }

  /** Resolves when there is something to find out: a message, the loss, or the end. Also when the signal comes. */
  async wait(signal?: AbortSignal): Promise<void> {
    await this.answer(() => this.queue.length > 0 || this.current !== 'open' || undefined, signal);
  }

  /**
   * Answers a call when its turn comes: calls that wait are served in the order in which they were made, and after all
   * messages of the same arrival were taken in [receive R10, R74].
   * @param attempt takes what it needs and returns the answer, or undefined to wait for more
   * @returns undefined when the signal came first
   */
  answer<T>(attempt: () => T | undefined, signal?: AbortSignal): Promise<T | undefined> {
    if (this.waiters.length === 0) {
      const answer = attempt();
      if (answer !== undefined) return Promise.resolve(answer);
    }
    return this.waiters.wait(attempt, signal);
  }

  /**
   * The answer to a broken stream, once: ILLEGAL_MESSAGE when bytes from the daemon made no sense [receive R69], else
   * 0. To be asked when no message is left.
   */
  takeFault(): number {
    if (!(this.cause instanceof FrameFault) || this.faultTold) return 0;
    this.faultTold = true;
    return ILLEGAL_MESSAGE;
  }

  /**
   * Tells the daemon and closes. Sends that are under way still go out. Resolves when the daemon has closed too, or
   * after two seconds.
   */
  async disconnect(): Promise<void> {
    if (this.current !== 'open') return this.kill();
    void this.outbox.send(KILL_MESS, [this.privateGroup], 0, []);
    this.outbox.writeRest();
    this.close();
    const { transport, platform } = this;
    // What still comes is read and thrown away: a socket closed with unread bytes is reset, and with it the request.
    transport.resume();
    await new Promise<void>((resolve) => {
      const timer = platform.clock.after(DISCONNECT_LIMIT_MS, () => transport.destroy());
      transport.on('close', () => {
        timer.cancel();
        resolve();
      });
      queueMicrotask(() => transport.end());
    });
  }

  /** Closes without telling the daemon, which sees a broken connection. Sends under way may be lost. */
  kill(): void {
    this.close();
    this.transport.destroy();
  }

  /** Loses the connection. What has arrived can still be taken. */
  drop(cause: Error): void {
    this.break(cause);
  }

  private receive(chunk: Buffer): void {
    this.heard += chunk.length;
    try {
      this.reader.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      this.break(error);
      return;
    }
    if (!this.paused && this.isFull()) {
      this.paused = true;
      this.transport.pause();
      reportPause(this.privateGroup, this.waiting, this.waitingBytes);
    }
    this.waiters.serve();
  }

  private arrive(bytes: Buffer, start: number, end: number): void {
    if (this.extension !== null && isExtensionFrame(bytes, start)) {
      const frame = this.extension.take(bytes, start, end);
      if (frame !== null) {
        this.noteUrgent(frame);
        this.keep(frame);
      }
      return;
    }
    const arrival = new ReceivedMessage(bytes, start, end);
    if ((arrival.service & MEMBERSHIP_MESS) !== 0) this.noteMembership(arrival);
    else if ((arrival.service & REJECT_MESS) === 0) this.extension?.arrivals?.data();
    this.keep(arrival);
  }

  private keep(arrival: ReceivedMessage): void {
    this.queue.push(arrival);
    this.queuedBytes += arrival.length;
  }

  /** This mailbox, as its extension sees it. */
  private extended(): ExtensionMailbox {
    return {
      clock: this.platform.clock,
      sent: () => this.outbox.bytes,
      heard: () => this.heard,
      isHeld: () => this.paused,
      send: (frame) => void this.sendExtension(frame),
      silent: (error) => this.break(error),
    };
  }

  private noteMembership(arrival: ReceivedMessage): void {
    this.viewIds.note(arrival);
    this.extension?.arrivals?.membership(arrival);
    if (arrival.kind === 'view') this.noteUrgent(arrival);
  }

  /** @param arrival says something of the members of a group */
  private noteUrgent(arrival: ReceivedMessage): void {
    if (this.hurry?.(arrival.name) === true) this.urgent.add(arrival);
  }

  private isFull(): boolean {
    return this.queue.length >= this.maxMessages || this.queuedBytes >= this.maxBytes;
  }

  private isHalfEmpty(): boolean {
    return this.queue.length <= this.maxMessages / 2 && this.queuedBytes <= this.maxBytes / 2;
  }

  /** An error ends the connection. What the socket has read by then was received and counts [receive R64]. */
  private break(error: Error): void {
    if (this.current !== 'open') return;
    this.cause = error;
    if (!(error instanceof FrameFault)) this.receiveRest();
    this.lose();
  }

  private receiveRest(): void {
    for (let chunk = this.transport.read(); chunk !== null; chunk = this.transport.read())
      this.receive(chunk);
  }

  private lose(): void {
    if (this.current !== 'open') return;
    this.current = 'lost';
    this.cause ??= this.extension?.endError;
    reportLoss(this.privateGroup, this.cause);
    this.transport.destroy();
    this.extension?.stop();
    this.reader.stop();
    this.onLost?.();
    this.waiters.serve();
  }

  /** Ends this side: what waits is thrown away, and calls that wait find the mailbox closed [receive R65]. */
  private close(): void {
    if (this.current !== 'closed') reportClosed(this.privateGroup);
    this.current = 'closed';
    this.extension?.stop();
    this.reader.stop();
    this.queue.clear();
    this.queuedBytes = 0;
    this.urgent.clear();
    this.headerSeen = false;
    this.waiters.serve();
  }
}
