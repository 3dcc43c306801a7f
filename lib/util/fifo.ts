/** Places that an empty ring keeps, 128 kB; what a burst took beyond that is freed. Below it, bursts do not grow it again. */
const KEPT = 16_384;

/** A queue on a ring: adding and taking cost the same however many wait. */
export class Fifo<T> {
  private ring: (T | undefined)[];
  private head = 0;
  private count = 0;

  /** @param room places to begin with, a power of two; the ring doubles when they are taken */
  constructor(room = 16) {
    this.ring = emptyRing(room);
  }

  get length(): number {
    return this.count;
  }

  push(item: T): void {
    if (this.count === this.ring.length) this.grow(this.count + 1);
    this.ring[(this.head + this.count) & (this.ring.length - 1)] = item;
    this.count++;
  }

  /** The oldest item, left where it is. */
  peek(): T | undefined {
    return this.ring[this.head];
  }

  shift(): T | undefined {
    const item = this.ring[this.head];
    if (this.count === 0) return undefined;
    this.ring[this.head] = undefined;
    this.head = (this.head + 1) & (this.ring.length - 1);
    if (--this.count === 0 && this.ring.length > KEPT) this.clear();
    return item;
  }

  /** Takes out one item wherever it stands. Walks the whole queue. */
  remove(item: T): void {
    for (let rest = this.count; rest > 0; rest--) {
      const next = this.shift();
      if (next !== undefined && next !== item) this.push(next);
    }
  }

  /** All items in their order, left where they are. */
  items(): T[] {
    return Array.from({ length: this.count }, (_, i) => this.at(i));
  }

  /** Takes out all items, in their order. */
  drain(): T[] {
    const items = this.items();
    this.clear();
    return items;
  }

  /** Adds the items before all others, in their order. */
  putBack(items: readonly T[]): void {
    if (this.count + items.length > this.ring.length) this.grow(this.count + items.length);
    const mask = this.ring.length - 1;
    this.head = (this.head - items.length) & mask;
    for (const [i, item] of items.entries()) this.ring[(this.head + i) & mask] = item;
    this.count += items.length;
  }

  clear(): void {
    if (this.ring.length > KEPT) this.ring = emptyRing(KEPT);
    else if (this.count > 0) this.ring.fill(undefined);
    this.head = 0;
    this.count = 0;
  }

  private at(index: number): T {
    return this.ring[(this.head + index) & (this.ring.length - 1)] as T;
  }

  private grow(needed: number): void {
    let room = this.ring.length;
    while (room < needed) room *= 2;
    const ring = emptyRing<T>(room);
    for (let i = 0; i < this.count; i++) ring[i] = this.at(i);
    this.ring = ring;
    this.head = 0;
  }
}

const emptyRing = <T>(room: number): (T | undefined)[] => new Array<T | undefined>(room).fill(undefined);
