/** Calls of functions at their times: a heap by time, and one timer for the earliest. */
import type { TimerClock } from './clock.js';
import { DeadlineTimer } from './deadline-timer.js';

export class TimerQueue {
  private readonly list = new TimerHeap();
  private readonly timer: DeadlineTimer;

  constructor(private readonly clock: TimerClock) {
    this.timer = new DeadlineTimer(clock, { dueAt: () => this.list.dueAt, ring: () => this.ring() });
  }

  now(): number {
    return this.clock.now();
  }

  /** Runs that after that many milliseconds. @returns what `cancel` takes */
  after(ms: number, run: () => void): TimerEntry {
    return this.at(this.now() + ms, run);
  }

  at(time: number, run: () => void): TimerEntry {
    const due = this.list.add(time, run);
    this.timer.update();
    return due;
  }

  cancel(due: TimerEntry | null): void {
    if (due) this.list.remove(due);
    this.timer.update();
  }

  private ring(): void {
    for (let due = this.list.next(this.now()); due; due = this.list.next(this.now())) due.run();
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
