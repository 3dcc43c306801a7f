/**
 * How far every member of the view has got [corosync 5.4]. Acknowledgements stand in the total order, so
 * every member computes the same stable index at the same place.
 */
import { Fifo } from './fifo.js';

export class Stability {
  /** DATA messages delivered here in this view. */
  index = 0;
  /** Every member is known to have delivered the messages up to here. */
  stable = 0;
  /** Bytes of the messages above the stable index. */
  unstableBytes = 0;
  private readonly sizes = new Fifo<number>();
  private readonly acks: number[];

  constructor(members: number) {
    this.acks = new Array<number>(members).fill(0);
  }

  /** The next DATA message was delivered here. */
  delivered(bytes: number): void {
    this.index++;
    this.unstableBytes += bytes;
    this.sizes.push(bytes);
  }

  /** The member says that it has delivered so many. */
  acknowledge(member: number, count: number): void {
    const before = this.acks[member] as number;
    if (count <= before) return;
    this.acks[member] = Math.min(count, this.index);
    if (before === this.stable) this.advance(Math.min(...this.acks));
  }

  private advance(to: number): void {
    for (; this.stable < to; this.stable++) this.unstableBytes -= this.sizes.shift() ?? 0;
  }
}
