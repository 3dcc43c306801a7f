/**
 * Where this daemon stands in the order: the daemon view, the index of the last payload, and a hash of all payloads of the
 * view up to it. Equal places mean the same payloads in the same order, and the same events of them.
 *
 * The hash begins with the lineage of the daemon: until the exchange of a view is complete, the same payload gives other
 * events at daemons that come from elsewhere. Behind the exchange all daemons of the view hold the same groups, so from
 * there on the hash depends on the tag of the view alone.
 */
import { History } from '../../lib/util/hash.js';
import { afterExchange } from './lineage.js';

/** A place in the order. */
export interface Place {
  /** Tag of the daemon view. */
  readonly tag: bigint;
  /** Index of the last payload before the place; 0 at the beginning of the view. */
  readonly index: number;
  /** Of the payloads of the view up to there. */
  readonly hash: bigint;
}

export class DeliveryHistory {
  tag = 0n;
  index = 0;
  private history = new History();
  private positions: ReadonlyMap<string, number> = new Map();
  /** Payloads of each daemon in this view, and last those of nobody in it. */
  private numbers: number[] = [0];

  get hash(): bigint {
    return this.history.hash;
  }

  /** The hash in two signed words. */
  get high(): number {
    return this.history.high;
  }

  get low(): number {
    return this.history.low;
  }

  get place(): Place {
    return { tag: this.tag, index: this.index, hash: this.hash };
  }

  /**
   * A daemon view begins.
   * @param daemons names of its daemons in its order
   * @param lineage what this daemon went through, as it comes into the view
   */
  begin(tag: bigint, daemons: readonly string[], lineage: bigint): void {
    this.tag = tag;
    this.index = 0;
    this.history = new History(lineage);
    this.positions = new Map(daemons.map((name, position) => [name, position]));
    this.numbers = new Array<number>(daemons.length + 1).fill(0);
  }

  /** The next payload. @param daemon name of its sender */
  add(daemon: string): void {
    const position = this.positions.get(daemon) ?? this.numbers.length - 1;
    const number = (this.numbers[position] as number) + 1;
    this.numbers[position] = number;
    this.index++;
    this.history.add(0, position, number);
  }

  /**
   * A request in the last payload is put off until the exchange: where the view was not over yet, it was carried out. So the
   * same payload gave other events there.
   */
  putOff(): void {
    this.history.add(1, 0, this.index);
  }

  /** The last payload has completed the exchange of the view. */
  exchanged(): void {
    this.history = new History(afterExchange(this.tag));
  }
}
