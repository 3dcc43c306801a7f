/**
 * What a client has under way: sent and awaited, or waiting in its order for a place in the server's queue
 * [channels 17.2, 17.4].
 */
import type { Buffer } from 'node:buffer';
import { Fifo } from '../util/fifo.js';
import { type ChannelContext, transmitted } from './context.js';
import { ServerUnreachableError } from './errors.js';
import type { QueuedSend } from './queued-send.js';
import {
  CREDIT,
  type Grant,
  decodeGrant,
  encodeGiveBack,
  encodeRestart,
  encodeWant,
} from './protocol/credit.js';
import { type Message, encodeMessage, stampDeadline } from './protocol/message.js';
import { type Fate, MAX_QUERIED, decodeAnswer, encodeQuery } from './protocol/query.js';
import type { Entry } from './registry/entry.js';

export class Outbox {
  /** What an answer is awaited for, by correlation id. */
  private readonly awaited = new Map<number, QueuedSend>();
  /** What could not be sent yet, in order. */
  private readonly queue = new Fifo<QueuedSend>();
  private credit = { posts: 0, bytes: 0 };
  /** Whether the server has told the first credit: before, nothing needs to be asked for. */
  private hasInitialCredit = false;
  /** Whether the server can be reached. */
  private isOpen = true;
  /** Id of the last message that asked for new credit. */
  private restarted = 0;
  private posted = 0;
  private taken = 0;

  constructor(
    private readonly hub: ChannelContext,
    private entry: Entry,
  ) {}

  /** The server has another id. */
  set owner(owner: string) {
    this.entry = { ...this.entry, owner };
  }

  /** Posts that the server has accepted and, as far as is known, not taken. */
  get depth(): number {
    return this.posted - this.taken;
  }

  /** Sends now, or behind what waits already. */
  dispatch(outgoing: QueuedSend): void {
    this.awaited.set(outgoing.id, outgoing);
    if (this.queue.length === 0 && this.canSend(outgoing)) return this.send(outgoing);
    this.queue.push(outgoing);
    this.want(outgoing);
  }

  /** Sends now, whatever waits. */
  overtake(outgoing: QueuedSend): void {
    this.awaited.set(outgoing.id, outgoing);
    this.send(outgoing);
  }

  /** Nobody waits for it any more. */
  gaveUp(outgoing: QueuedSend): void {
    this.awaited.delete(outgoing.id);
    if (outgoing.kind === 'ping') return;
    // A sent post stays sent: nobody waits for its place.
    const isToTell = outgoing.isSent ? outgoing.kind === 'call' : outgoing.isWanted;
    if (isToTell && this.isOpen) this.transmit([encodeMessage('cancel', this.entry.claim, outgoing.id)]);
    if (!outgoing.isSent) this.pump();
  }

  /** The answer of that id is here. */
  answered(id: number, settle: (outgoing: QueuedSend) => void): void {
    const outgoing = this.awaited.get(id);
    if (!outgoing) return void this.hub.dropped.late++;
    this.awaited.delete(id);
    settle(outgoing);
    // A refused post leaves its place to the next one.
    if (!outgoing.isSent) this.pump();
  }

  /** The message of that id did not get past the own daemon. @returns whether anybody waited for its answer */
  refused(id: number, error: Error): boolean {
    const outgoing = this.awaited.get(id);
    if (outgoing) this.drop(outgoing, error);
    return outgoing !== undefined;
  }

  /** The server's application has taken the request of that id. */
  received(id: number): void {
    if (!this.entry.settings.ackReceipt) return void this.hub.dropped.malformed++;
    const receipt = this.awaited.get(id)?.receipt;
    if (receipt) receipt.received = true;
    else this.hub.dropped.late++;
  }

  /** What became of the calls that were under way when the network broke. */
  learn(message: Message): void {
    for (const [id, fate] of decodeAnswer(message)) this.learnOf(id, fate);
  }

  takeCredit(message: Message): void {
    if (message.word === CREDIT.ask) return this.restart();
    if (message.word === CREDIT.recall) {
      this.transmit([encodeGiveBack(this.entry.claim, this.credit)]);
      this.credit = { posts: 0, bytes: 0 };
      return;
    }
    const grant = decodeGrant(message);
    if (!grant) return void this.hub.dropped.malformed++;
    this.granted(grant);
  }

  /** The server is in another part of the network. */
  unreachable(): void {
    this.isOpen = false;
    this.withoutCredit();
    for (const outgoing of this.awaited.values()) {
      if (!outgoing.waits) this.drop(outgoing, new ServerUnreachableError(this.entry.name));
    }
  }

  /** It is back. @param hasReturned by another connection than before, so that it knows nothing of a partition */
  back(hasReturned = false): void {
    this.isOpen = true;
    if (hasReturned) this.restart();
    this.ask([...this.awaited.values()]);
    this.pump();
  }

  /** The own connection is back, and the server knows it as the one that was lost. */
  returned(): void {
    this.isOpen = true;
    this.restart();
    const awaited = [...this.awaited.values()].filter(({ isSent }) => isSent);
    this.ask(awaited.filter(({ kind }) => kind !== 'ping'));
    for (const ping of awaited) if (ping.kind === 'ping') this.send(ping);
    this.pump();
  }

  /** What became of those that were sent. */
  private ask(awaited: readonly QueuedSend[]): void {
    const sent = awaited.filter(({ isSent }) => isSent).map(({ id }) => id);
    for (let at = 0; at < sent.length; at += MAX_QUERIED) {
      this.transmit([encodeQuery(this.entry.claim, sent.slice(at, at + MAX_QUERIED))]);
    }
  }

  /** Begins with new credit, behind all posts that were sent with the old one. */
  private restart(): void {
    this.withoutCredit();
    this.restarted = this.hub.nextId();
    this.transmit([encodeRestart(this.entry.claim, this.restarted)]);
  }

  /** The own connection is lost: everything waits. */
  suspend(): void {
    this.isOpen = false;
  }

  /** It is back, and the server has not noticed. */
  continue(): void {
    this.isOpen = true;
    this.pump();
  }

  /** It is back, and new for the server: whether that has carried out what was sent to it nobody can say. */
  attached(): void {
    this.withoutCredit();
    this.isOpen = true;
    for (const outgoing of this.awaited.values())
      if (outgoing.isSent)
        this.drop(outgoing, new ServerUnreachableError(`${this.entry.name}; its answer was lost`));
    this.pump();
  }

  /** Nothing is sent any more. @param error a new one for each that waits: it tells what became of that one */
  end(error: () => Error): void {
    this.isOpen = false;
    for (const outgoing of this.awaited.values()) this.drop(outgoing, error());
  }

  private withoutCredit(): void {
    this.hasInitialCredit = false;
    this.credit = { posts: 0, bytes: 0 };
    for (const outgoing of this.awaited.values()) outgoing.isWanted = false;
  }

  private canSend({ kind, bytes }: QueuedSend): boolean {
    if (!this.isOpen) return false;
    if (kind !== 'post' || this.entry.settings.overflow === 'drop-oldest') return true;
    return this.credit.posts > 0 && this.credit.bytes >= bytes;
  }

  private send(outgoing: QueuedSend): void {
    outgoing.isSent = true;
    // The request itself is the last one, behind the parts of its body.
    const request = outgoing.until === null ? undefined : outgoing.messages.at(-1);
    if (request) stampDeadline(request, (outgoing.until as number) - this.hub.alarm.now());
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
  private want(outgoing: QueuedSend): void {
    if (outgoing.kind !== 'post' || outgoing.isWanted || !this.hasInitialCredit || !this.isOpen) return;
    outgoing.isWanted = true;
    this.transmit([encodeWant(this.entry.claim, outgoing.id, outgoing.bytes)]);
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
      const outgoing = queue.shift() as QueuedSend;
      if (this.awaited.has(outgoing.id)) {
        queue.push(outgoing);
        this.want(outgoing);
      }
    }
  }

  private granted({ posts, bytes, isFirst, taken, id }: Grant): void {
    // Credit from before this handle, or from before a partition.
    if (!isFirst && !this.hasInitialCredit) return;
    // What has been sent since is not counted in it.
    if (id !== 0 && id !== this.restarted) return;
    this.hasInitialCredit = true;
    this.taken = taken;
    const { credit } = this;
    this.credit = isFirst ? { posts, bytes } : { posts: credit.posts + posts, bytes: credit.bytes + bytes };
    this.pump();
  }

  private learnOf(id: number, fate: Fate): void {
    const outgoing = this.awaited.get(id);
    if (!outgoing || fate === 'queued') return;
    if (fate === 'unseen') return this.send(outgoing);
    // Of the word of receipt, too, nobody knows whether it was lost.
    if (outgoing.receipt) outgoing.receipt.received = true;
    if (fate === 'received') return;
    this.drop(outgoing, new ServerUnreachableError(`${this.entry.name}; its answer was lost`));
  }

  private drop(outgoing: QueuedSend, error: Error): void {
    this.awaited.delete(outgoing.id);
    outgoing.fail(error);
  }

  private transmit(messages: readonly Buffer[]): void {
    transmitted(this.hub.transmit(this.entry.owner, messages, this.entry.settings.order));
  }
}
