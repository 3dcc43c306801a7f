/**
 * The members of a group in their order, for groups of any size: chunks of at most 256, split when they are full and
 * joined when they are nearly empty. The place of a member is the sum of the lengths of the chunks before its own, and its
 * place in there; so a change costs a few hundred steps also in a list of 100 000.
 */
import { ListHash } from './list-hash.js';

export const MAX_CHUNK = 256;
/** A chunk that has fewer is joined with a neighbour, if both together stay well below the most. */
const MIN_CHUNK = 64;
const JOINED_CHUNK = 192;

/** Members that stand side by side. */
export class Chunk<T> {
  /** What somebody has made of the items, kept until they change. */
  kept: unknown = null;

  constructor(readonly items: T[]) {}
}

/** Where an item stands: the chunk by its number, and the place in there. */
interface Place {
  readonly chunk: number;
  readonly at: number;
}

/** Items in an order that those who insert know. */
export class ChunkedList<T> implements Iterable<T> {
  private list: Chunk<T>[] = [];
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** In order; none is empty. */
  get chunks(): readonly Chunk<T>[] {
    return this.list;
  }

  /** The item at that place, undefined behind the end. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.count) return undefined;
    const { chunk, at } = this.placeOf(index);
    return this.list[chunk]?.items[at];
  }

  /** @throws RangeError for a place behind the end */
  insert(index: number, item: T): void {
    if (!Number.isInteger(index) || index < 0 || index > this.count)
      throw new RangeError(`expected a place from 0 to ${this.count}, got ${index}`);
    const { chunk, at } = this.placeOf(index);
    this.put(chunk, at, item);
  }

  /** @throws RangeError for a place at which there is nothing. @returns what stood there */
  removeAt(index: number): T {
    if (!Number.isInteger(index) || index < 0 || index >= this.count)
      throw new RangeError(`expected a place below ${this.count}, got ${index}`);
    const { chunk, at } = this.placeOf(index);
    return this.take(chunk, at);
  }

  push(item: T): void {
    const { chunk, at } = this.placeOf(this.count);
    this.put(chunk, at, item);
  }

  /** Drops all and takes these. */
  assign(items: readonly T[]): void {
    this.list = [];
    this.count = items.length;
    for (let at = 0; at < items.length; at += JOINED_CHUNK)
      this.list.push(new Chunk(items.slice(at, at + JOINED_CHUNK)));
    for (const chunk of this.list) this.placed(chunk, chunk.items);
  }

  /** Keeps only the items of which that is true, and all chunks that lose none. */
  retain(keeps: (item: T) => boolean): void {
    const { list } = this;
    this.list = [];
    this.count = 0;
    for (const chunk of list) {
      const items = chunk.items.filter(keeps);
      this.count += items.length;
      if (items.length === chunk.items.length) this.list.push(chunk);
      else if (items.length > 0) this.append(items);
    }
  }

  toArray(): T[] {
    return this.list.flatMap(({ items }) => items);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const { items } of this.list) yield* items;
  }

  /** Number of items before the chunk. */
  protected before(chunk: number): number {
    let sum = 0;
    for (let i = 0; i < chunk; i++) sum += (this.list[i] as Chunk<T>).items.length;
    return sum;
  }

  protected put(number: number, at: number, item: T): void {
    let chunk = this.list[number];
    if (chunk === undefined) {
      chunk = new Chunk<T>([]);
      this.list.push(chunk);
    }
    const { items } = chunk;
    items.splice(at, 0, item);
    this.count++;
    chunk.kept = null;
    this.placed(chunk, [item]);
    if (items.length <= MAX_CHUNK) return;
    // What is only ever appended leaves full chunks behind.
    const from = at === items.length - 1 ? JOINED_CHUNK : items.length >>> 1;
    const half = new Chunk(items.splice(from));
    this.list.splice(number + 1, 0, half);
    this.placed(half, half.items);
  }

  protected take(number: number, at: number): T {
    const chunk = this.list[number] as Chunk<T>;
    const [item] = chunk.items.splice(at, 1) as [T];
    this.count--;
    chunk.kept = null;
    if (chunk.items.length < MIN_CHUNK) this.joinWithNeighbour(number);
    return item;
  }

  /** These items are in that chunk from now on. */
  protected placed(_chunk: Chunk<T>, _items: readonly T[]): void {
    // Only lists that look items up need to know.
  }

  private placeOf(index: number): Place {
    if (index === this.count) {
      const last = Math.max(0, this.list.length - 1);
      return { chunk: last, at: this.list[last]?.items.length ?? 0 };
    }
    let [chunk, at] = [0, index];
    for (const { items } of this.list) {
      if (at < items.length) break;
      at -= items.length;
      chunk++;
    }
    return { chunk, at };
  }

  /** A chunk that lost some. */
  private append(items: T[]): void {
    const last = this.list.at(-1);
    const isJoined = last !== undefined && last.items.length + items.length <= JOINED_CHUNK;
    const chunk = isJoined ? last : new Chunk<T>([]);
    if (!isJoined) this.list.push(chunk);
    chunk.items.push(...items);
    chunk.kept = null;
    this.placed(chunk, items);
  }

  private joinWithNeighbour(number: number): void {
    const chunk = this.list[number] as Chunk<T>;
    if (chunk.items.length === 0) {
      this.list.splice(number, 1);
      return;
    }
    for (const [left, right] of [
      [number - 1, number],
      [number, number + 1],
    ] as const) {
      const [to, from] = [this.list[left], this.list[right]];
      if (!to || !from || to.items.length + from.items.length > JOINED_CHUNK) continue;
      to.items.push(...from.items);
      to.kept = null;
      this.list.splice(right, 1);
      this.placed(to, from.items);
      return;
    }
  }
}

/** Items in the order of a relation. */
export class SortedList<T> extends ChunkedList<T> {
  /** @param compare as for sorting; 0 for one and the same item only */
  constructor(private readonly compare: (a: T, b: T) => number) {
    super();
  }

  /** @pre the item is not there. @returns its place */
  add(item: T): number {
    const { chunk, at } = this.find(item);
    const index = this.before(chunk) + at;
    this.put(chunk, at, item);
    return index;
  }

  /** @returns the place that it had, -1 if it is not there */
  remove(item: T): number {
    const { chunk, at } = this.find(item);
    const found = this.chunks[chunk]?.items[at];
    if (found === undefined || this.compare(found, item) !== 0) return -1;
    const index = this.before(chunk) + at;
    this.take(chunk, at);
    return index;
  }

  /** -1 if it is not there. */
  indexOf(item: T): number {
    const { chunk, at } = this.find(item);
    const found = this.chunks[chunk]?.items[at];
    return found !== undefined && this.compare(found, item) === 0 ? this.before(chunk) + at : -1;
  }

  /** After items were pushed, or the relation is another one. */
  sort(): void {
    this.assign(this.toArray().toSorted(this.compare));
  }

  /** Where the item stands or would stand: in the first chunk whose last item does not come before it, or at the end. */
  private find(item: T): Place {
    const { chunks, compare } = this;
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { items } = chunks[middle] as Chunk<T>;
      if (compare(items[items.length - 1] as T, item) < 0) low = middle + 1;
      else high = middle;
    }
    const items = chunks[low]?.items ?? [];
    let [from, to] = [0, items.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compare(items[middle] as T, item) < 0) from = middle + 1;
      else to = middle;
    }
    return { chunk: low, at: from };
  }
}

/**
 * Names at the places that somebody else gives them, each once, found by name; `hash` is the hash of the list. This is how
 * a client keeps the members of a group.
 */
export class MemberList extends ChunkedList<string> {
  readonly hash = new ListHash();
  private readonly chunkOf = new Map<string, Chunk<string>>();

  has(name: string): boolean {
    return this.chunkOf.has(name);
  }

  /** -1 if it is not there. */
  indexOf(name: string): number {
    const chunk = this.chunkOf.get(name);
    if (chunk === undefined) return -1;
    return this.before(this.chunks.indexOf(chunk)) + chunk.items.indexOf(name);
  }

  /** @returns the place that it had, -1 if it is not there */
  remove(name: string): number {
    const index = this.indexOf(name);
    if (index >= 0) this.removeAt(index);
    return index;
  }

  /** @throws RangeError for a place behind the end, Error for a name that is there */
  override insert(index: number, name: string): void {
    if (this.chunkOf.has(name)) throw new Error(`${name} is in the list`);
    super.insert(index, name);
    this.hash.add(name);
  }

  override push(name: string): void {
    this.insert(this.length, name);
  }

  /** @throws Error for a name that comes twice; the list is empty then */
  override assign(names: readonly string[]): void {
    this.chunkOf.clear();
    this.hash.clear();
    super.assign(names);
    for (const name of names) this.hash.add(name);
    if (this.chunkOf.size === names.length) return;
    this.assign([]);
    throw new Error('a name comes twice');
  }

  override retain(keeps: (name: string) => boolean): void {
    this.assign(this.toArray().filter(keeps));
  }

  protected override take(number: number, at: number): string {
    const name = super.take(number, at);
    this.chunkOf.delete(name);
    this.hash.remove(name);
    return name;
  }

  protected override placed(chunk: Chunk<string>, names: readonly string[]): void {
    for (const name of names) this.chunkOf.set(name, chunk);
  }
}
