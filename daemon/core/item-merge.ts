/** The items of several names of the index as one sequence, in the order of the ring: names come and go while it is read. */
import { compareItems, type Item, type Postings } from './ring-index.js';

interface Pointer {
  readonly postings: Postings;
  /** Number of its next item; -1 while there is none behind the place from which it is read. */
  next: number;
  readonly from: ItemPlace;
  isOff: boolean;
}

/** A place in the ring. */
export type ItemPlace = Pick<Item, 'number' | 'at' | 'change'>;

/** The place behind all of an entry. */
export const behind = (number: number): ItemPlace => ({ number, at: Infinity, change: Infinity });

export class ItemMerge {
  private readonly pointers = new Map<string, Pointer>();
  /** Those that have an item, as a heap; one that is off stays until it comes up. */
  private heap: Pointer[] = [];
  /** Those that have none at present. */
  private idle: Pointer[] = [];
  private last: Item | null = null;

  /** Reads those items too. @param from what lies behind this place */
  add(key: string, postings: Postings, from: ItemPlace): void {
    if (this.pointers.has(key)) return;
    const pointer = { postings, next: -1, from, isOff: false };
    postings.readers++;
    this.pointers.set(key, pointer);
    this.put(pointer);
  }

  delete(key: string): void {
    const pointer = this.pointers.get(key);
    if (!pointer) return;
    pointer.isOff = true;
    pointer.postings.readers--;
    this.pointers.delete(key);
  }

  /** Nothing is read any more. */
  close(): void {
    for (const key of this.pointers.keys()) this.delete(key);
    this.heap = [];
    this.idle = [];
  }

  /** The index has grown. */
  refresh(): void {
    const { idle } = this;
    this.idle = [];
    for (const pointer of idle) if (!pointer.isOff) this.put(pointer);
  }

  /** Number of the entry with the next item; null when there is none. An item that was dropped from the index lies at -1. */
  get nextEntry(): number | null {
    const item = this.peek();
    return item?.number ?? null;
  }

  /** The next item. What stands under several names comes once. */
  take(): Item | null {
    for (let item = this.peek(); item; item = this.peek()) {
      this.skip();
      if (this.last !== null && compareItems(this.last, item) >= 0) continue;
      this.last = item;
      return item;
    }
    return null;
  }

  private peek(): Item | null {
    for (let top = this.heap[0]; top?.isOff === true; top = this.heap[0]) this.pop();
    const top = this.heap[0];
    return top ? itemOf(top) : null;
  }

  private skip(): void {
    const top = this.pop() as Pointer;
    top.next++;
    this.put(top);
  }

  private put(pointer: Pointer): void {
    const { postings, from } = pointer;
    // The index may not have come to the place yet.
    if (pointer.next < 0 && postings.after(from) < postings.end) pointer.next = postings.after(from);
    if (pointer.next >= 0 && pointer.next < postings.end) this.push(pointer);
    else this.idle.push(pointer);
  }

  private push(pointer: Pointer): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(pointer);
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (compare(heap[above] as Pointer, pointer) <= 0) break;
      heap[at] = heap[above] as Pointer;
      heap[above] = pointer;
      at = above;
    }
  }

  private pop(): Pointer | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (top === last || last === undefined) return top;
    let at = 0;
    for (;;) {
      let least = 2 * at + 1;
      if (least >= heap.length) break;
      if (least + 1 < heap.length && compare(heap[least + 1] as Pointer, heap[least] as Pointer) < 0) least++;
      if (compare(heap[least] as Pointer, last) >= 0) break;
      heap[at] = heap[least] as Pointer;
      at = least;
    }
    heap[at] = last;
    return top;
  }
}

const GONE: Item = { number: -1, at: 0, change: 0, end: 0, frames: 0 };

const itemOf = ({ postings, next }: Pointer): Item => (next < postings.first ? GONE : postings.at(next));

const compare = (a: Pointer, b: Pointer): number => compareItems(itemOf(a), itemOf(b));
