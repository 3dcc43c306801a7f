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
