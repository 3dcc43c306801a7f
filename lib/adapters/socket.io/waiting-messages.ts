/**
 * Messages that wait, in their order. The oldest volatile one can be dropped wherever it stands, without a walk through the others: that happens
 * just when too much waits.
 */
import { Fifo } from '../../util/fifo.js';

/** Empty places that are left behind until the queue is cut, at least. */
const CUT_AT = 1_000;

interface Place<T> {
  /** Null: it was dropped. */
  item: T | null;
}

export class WaitingMessages<T extends { readonly isVolatile: boolean }> {
  private readonly all = new Fifo<Place<T>>();
  /** The volatile ones of them. */
  private readonly volatile = new Fifo<Place<T>>();
  /** Places of those that were dropped. */
  private dropped = 0;

  get length(): number {
    return this.all.length - this.dropped;
  }

  push(item: T): void {
    const place = { item };
    this.all.push(place);
    if (item.isVolatile) this.volatile.push(place);
  }

  /** Takes out the oldest one. */
  shift(): T | undefined {
    for (let place = this.all.shift(); place; place = this.all.shift()) {
      const { item } = place;
      if (item !== null) {
        if (item.isVolatile) this.volatile.shift();
        return item;
      }
      this.dropped--;
    }
    return undefined;
  }

  /** Takes out the oldest volatile one; undefined when there is none. */
  dropVolatile(): T | undefined {
    const place = this.volatile.shift();
    const item = place?.item ?? undefined;
    if (!place || !item) return undefined;
    place.item = null;
    this.dropped++;
    if (this.dropped >= CUT_AT && 2 * this.dropped > this.all.length) this.cut();
    return item;
  }

  /** Takes out all of them, in their order. */
  drain(): T[] {
    this.volatile.clear();
    this.dropped = 0;
    return this.all.drain().flatMap(({ item }) => (item === null ? [] : [item]));
  }

  private cut(): void {
    this.all.putBack(this.all.drain().filter(({ item }) => item !== null));
    this.dropped = 0;
  }
}
