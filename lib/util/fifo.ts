/** A queue on a ring: adding and taking cost the same however many wait. */
export class Fifo<T> {
  private ring: (T | undefined)[];
  private head = 0;
  private count = 0;

  /** @param room places to begin with, a power of two; the ring doubles when they are taken */
  constructor(room = 16) {
    this.ring = Array.from<T | undefined>({ length: room });
  }

  get length(): number {
    return this.count;
  }

  push(item: T): void {
    if (this.count === this.ring.length) this.grow();
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
    this.count--;
    return item;
  }

  /** Takes out one item wherever it stands. Walks the whole queue. */
  remove(item: T): void {
    for (let rest = this.count; rest > 0; rest--) {
      const next = this.shift();
      if (next !== undefined && next !== item) this.push(next);
    }
  }

  clear(): void {
    this.ring.fill(undefined);
    this.head = 0;
    this.count = 0;
  }

  private grow(): void {
    const old = this.ring;
    this.ring = Array.from<T | undefined>({ length: 2 * old.length });
    for (let i = 0; i < old.length; i++) this.ring[i] = old[(this.head + i) & (old.length - 1)];
    this.head = 0;
  }
}
