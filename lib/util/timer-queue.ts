/** The clock of the channels: runs what is due. */

/** Longest delay that setTimeout knows. */
const LONGEST_MS = 2 ** 31 - 1;

export class TimerQueue {
  private readonly list = new TimerHeap();
  private timer: NodeJS.Timeout | null = null;
  private setFor = Infinity;

  now(): number {
    return performance.now();
  }

  /** Runs that in so many milliseconds. @returns what `off` takes */
  after(ms: number, run: () => void): TimerEntry {
    return this.at(this.now() + ms, run);
  }

  at(time: number, run: () => void): TimerEntry {
    const due = this.list.add(time, run);
    if (time < this.setFor) this.set();
    else this.timer?.ref();
    return due;
  }

  cancel(due: TimerEntry | null): void {
    if (due) this.list.remove(due);
    // It may ring for nothing: setting it anew with every call that has a limit would cost more. It keeps no program alive.
    if (this.list.dueAt === Infinity) this.timer?.unref();
  }

  private set(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.setFor = this.list.dueAt;
    if (this.setFor === Infinity) return;
    // Rounded up: Node cuts the part of a millisecond off, and what comes early would only be set again.
    const delay = Math.min(Math.max(0, Math.ceil(this.setFor - this.now())), LONGEST_MS);
    this.timer = setTimeout(() => this.ring(), delay);
  }

  private ring(): void {
    this.timer = null;
    this.setFor = Infinity;
    for (let due = this.list.next(this.now()); due; due = this.list.next(this.now())) due.run();
    if (this.timer === null) this.set();
  }
}

/** What is to happen when: a heap by time. Time is a number that is passed in. */
export interface TimerEntry {
  readonly at: number;
  readonly run: () => void;
}

interface Item extends TimerEntry {
  /** Of two with the same time the earlier one comes first. */
  readonly number: number;
  isOff: boolean;
}

export class TimerHeap {
  private heap: Item[] = [];
  private numbers = 0;
  private offs = 0;

  /** @returns what `remove` takes */
  add(at: number, run: () => void): TimerEntry {
    const item: Item = { at, run, number: ++this.numbers, isOff: false };
    this.heap.push(item);
    this.rise(this.heap.length - 1);
    return item;
  }

  remove(due: TimerEntry): void {
    const item = due as Item;
    if (item.isOff) return;
    item.isOff = true;
    // Most limits are never reached: those that are off must not gather.
    if (++this.offs > this.heap.length / 2) this.compact();
  }

  /** Time of the earliest; Infinity when there is none. */
  get dueAt(): number {
    while (this.heap[0]?.isOff) {
      this.drop();
      this.offs--;
    }
    return this.heap[0]?.at ?? Infinity;
  }

  /** Takes out the earliest when its time has come. */
  next(now: number): TimerEntry | undefined {
    if (this.dueAt > now) return undefined;
    const first = this.heap[0] as Item;
    first.isOff = true;
    this.drop();
    return first;
  }

  private drop(): void {
    const last = this.heap.pop() as Item;
    if (this.heap.length > 0) {
      this.heap[0] = last;
      this.sink(0);
    }
  }

  private compact(): void {
    // A sorted list is a heap.
    this.heap = this.heap.filter(({ isOff }) => !isOff).toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
    this.offs = 0;
  }

  private rise(from: number): void {
    const { heap } = this;
    for (let i = from; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!isBefore(heap[i] as Item, heap[parent] as Item)) return;
      swap(heap, i, parent);
      i = parent;
    }
  }

  private sink(from: number): void {
    const { heap } = this;
    for (let i = from; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && isBefore(heap[child] as Item, heap[least] as Item)) least = child;
      }
      if (least === i) return;
      swap(heap, i, least);
      i = least;
    }
  }
}

const isBefore = (a: Item, b: Item): boolean => a.at < b.at || (a.at === b.at && a.number < b.number);

function swap(heap: Item[], i: number, j: number): void {
  const item = heap[i] as Item;
  heap[i] = heap[j] as Item;
  heap[j] = item;
}
