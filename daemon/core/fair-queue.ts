/**
 * A queue that is fair by address: addresses take turns, and within one address the longest waiting go first. An address
 * with many waiting delays each other address by one of them, not by all.
 */

/** What waits for one address. */
interface Line<T> {
  /** These go before the others. */
  readonly urgent: Set<T>;
  readonly others: Set<T>;
}

export class FairQueue<T> {
  /** By address; the one whose turn is next comes first. */
  private readonly lines = new Map<string, Line<T>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds it after those of its address. Has no effect if it waits already. */
  add(address: string, item: T, isUrgent = false): void {
    let line = this.lines.get(address);
    if (!line) this.lines.set(address, (line = { urgent: new Set(), others: new Set() }));
    if (line.urgent.has(item) || line.others.has(item)) return;
    line[isUrgent ? 'urgent' : 'others'].add(item);
    this.count++;
  }

  delete(address: string, item: T): void {
    const line = this.lines.get(address);
    if (!line || !(line.urgent.delete(item) || line.others.delete(item))) return;
    this.count--;
    if (isEmpty(line)) this.lines.delete(address);
  }

  /** Takes out whose turn it is; the next turn of its address comes after those of all others. */
  next(): T | undefined {
    const [first] = this.lines;
    if (first === undefined) return undefined;
    const [address, line] = first;
    const [item] = line.urgent.size > 0 ? line.urgent : line.others;
    this.lines.delete(address);
    line.urgent.delete(item as T);
    line.others.delete(item as T);
    this.count--;
    if (!isEmpty(line)) this.lines.set(address, line);
    return item;
  }
}

const isEmpty = ({ urgent, others }: Line<unknown>): boolean => urgent.size === 0 && others.size === 0;
