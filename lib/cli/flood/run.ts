/** A flood: senders and receivers of this process through one daemon, with a bound on what is under way. */
import { refusalOf } from '../../client/reader.js';
import type { Service } from '../../index.js';
import type { Mailbox } from '../../mailbox/mailbox.js';
import type { ReceivedMessage } from '../../mailbox/received-message.js';
import type { TlsFlags } from '../session.js';

export interface FloodFlags extends TlsFlags {
  readonly address: string;
  readonly senders: number;
  readonly receivers: number;
  readonly size: number;
  readonly messages: number;
  /** Milliseconds. */
  readonly seconds?: number;
  readonly service: Service;
  readonly window: number;
  readonly group: string;
  readonly json?: boolean;
}

export interface FloodPlan {
  readonly group: string;
  /** Service word. */
  readonly service: number;
  readonly body: Uint8Array;
  /** Messages to send; Infinity to go on until `stop`. */
  readonly messages: number;
  /** Most messages between what is sent and what the slowest receiver has. */
  readonly window: number;
}

export interface FloodResult {
  readonly sent: number;
  /** From the first send to the last receive, in milliseconds. */
  readonly elapsed: number;
  /** Messages that each receiver got. */
  readonly delivered: readonly number[];
  /** Whether every receiver got every message, in one order for all of them. */
  readonly ordered: boolean;
}

class Receiver {
  count = 0;
  /** Messages with a body of another size. */
  damaged = 0;
  readonly order: OrderCheck;

  constructor(
    readonly mailbox: Mailbox,
    numbering: Numbering,
    private readonly size: number,
  ) {
    this.order = new OrderCheck(numbering);
  }

  /** Takes what is there. */
  drain(): void {
    const { mailbox, order } = this;
    let arrival: ReceivedMessage | undefined;
    while ((arrival = mailbox.take()) !== undefined) {
      if (arrival.kind !== 'data') continue;
      this.count++;
      if (arrival.body.length !== this.size) this.damaged++;
      order.see(arrival.messType);
    }
  }
}

export class Flood {
  private readonly numbering: Numbering;
  private readonly receivers: readonly Receiver[];
  private readonly groups: readonly string[];
  private readonly pieces: readonly Uint8Array[];
  private goal: number;
  private sent = 0;
  private over = false;
  private refusal: Error | null = null;
  private readonly stopping = new AbortController();

  /** @param receivers connections that are in the group already */
  constructor(
    private readonly senders: readonly Mailbox[],
    receivers: readonly Mailbox[],
    private readonly plan: FloodPlan,
  ) {
    this.numbering = new Numbering(senders.length);
    this.receivers = receivers.map((each) => new Receiver(each, this.numbering, plan.body.length));
    this.groups = [plan.group];
    this.pieces = [plan.body];
    this.goal = plan.messages;
  }

  /** Messages that every receiver has. */
  get arrived(): number {
    let least = Infinity;
    for (const { count } of this.receivers) least = Math.min(least, count);
    return least;
  }

  /** Sends no more; the run ends when everything has arrived. */
  stop(): void {
    this.goal = this.sent;
    // Who has everything already waits for nothing more.
    this.stopping.abort();
  }

  /** @returns null when a connection is lost, or given up @throws PermissionDeniedError when the group may not be sent to */
  async run(): Promise<FloodResult | null> {
    const start = performance.now();
    for (const sender of this.senders) void this.watch(sender);
    this.fill();
    const whole = await Promise.all(this.receivers.map((receiver) => this.follow(receiver)));
    const elapsed = performance.now() - start;
    this.over = true;
    if (this.refusal) throw this.refusal;
    if (whole.includes(false)) return null;
    const delivered = this.receivers.map(({ count }) => count);
    return { sent: this.sent, elapsed, delivered, ordered: this.isOrdered() };
  }

  /** Receives until everything is here. @returns whether it came to that */
  private async follow(receiver: Receiver): Promise<boolean> {
    const { mailbox } = receiver;
    const { signal } = this.stopping;
    while (receiver.count < this.goal) {
      await mailbox.wait(signal.aborted ? undefined : signal);
      receiver.drain();
      if (mailbox.state !== 'open') return this.giveUp();
      this.fill();
    }
    return true;
  }

  /** What a sender has to tell is a refusal, or its loss, and what it sent may be lost with it. */
  private async watch(sender: Mailbox): Promise<void> {
    while (sender.state === 'open' && !this.over && !this.refusal) {
      await sender.wait();
      const arrival = sender.take();
      if (arrival) this.refusal ??= refusalOf(arrival, sender);
    }
    if (!this.over) this.giveUp();
  }

  /** One connection is lost: the others would wait for ever. */
  private giveUp(): false {
    for (const { mailbox } of this.receivers) mailbox.kill();
    return false;
  }

  private fill(): void {
    const { senders, groups, pieces, numbering } = this;
    const { service, window } = this.plan;
    const end = Math.min(this.goal, this.arrived + window);
    while (this.sent < end) {
      const n = this.sent++;
      void (senders[n % senders.length] as Mailbox).send(service, groups, numbering.typeOf(n), pieces);
    }
  }

  private isOrdered(): boolean {
    const [first] = this.receivers;
    return this.receivers.every(
      ({ count, damaged, order }) =>
        count === this.sent &&
        damaged === 0 &&
        order.faults === 0 &&
        order.checksum === first?.order.checksum,
    );
  }
}

/**
 * The numbering of a flood, and what a receiver finds out by it. The number travels as the message type, which a
 * receiver has without looking into the body: checking costs next to nothing.
 */
const TYPES = 65_536;
const LOWEST_TYPE = -32_768;

/** Message `n` of all goes out over sender `n` modulo their count, under the number `n` modulo `cycle`. */
export class Numbering {
  /** A whole number of rounds, so that the sender can be told from the number. */
  readonly cycle: number;

  constructor(readonly senders: number) {
    this.cycle = TYPES - (TYPES % senders);
  }

  /** The message type of message `n`. */
  typeOf(n: number): number {
    return (n % this.cycle) + LOWEST_TYPE;
  }
}

/** Follows the types that one receiver sees. */
export class OrderCheck {
  /** Depends on the order of everything seen: two receivers have the same one if they saw the same. */
  checksum = 0;
  /** Message of a sender was not the one behind its last: lost, doubled, or out of order. */
  faults = 0;
  private readonly expected: number[];

  constructor(private readonly numbering: Numbering) {
    this.expected = Array.from({ length: numbering.senders }, (_, sender) => sender);
  }

  see(messType: number): void {
    const { senders, cycle } = this.numbering;
    const number = messType - LOWEST_TYPE;
    const sender = number % senders;
    if (this.expected[sender] !== number) this.faults++;
    this.expected[sender] = (number + senders) % cycle;
    this.checksum = (Math.imul(this.checksum, 31) + number) | 0;
  }
}
