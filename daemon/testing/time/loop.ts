/** Virtual time: what is due is called in order of time, and at one time in the order in which it was asked for. */
import type { Task, Time } from './time.js';

/** One round of the event loop: what comes in within it is of one turn. */
const ROUND = 0.05;

interface LoopTask extends Task {
  readonly isTimer: boolean;
}

const isBefore = (a: Task, b: Task): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export class Loop implements Time {
  readonly round: number;
  /** Milliseconds. */
  now = 0;
  /** Tasks that were run. */
  count = 0;
  /** Tasks that were asked for. */
  asked = 0;
  /** Tasks that are not timers, and have not been run. */
  underWay = 0;
  private readonly heap: LoopTask[] = [];

  constructor(round = ROUND) {
    this.round = round;
  }

  /** When the first task is due; Infinity for none. */
  get next(): number {
    return this.heap[0]?.at ?? Infinity;
  }

  after(delay: number, act: () => void): Task {
    this.underWay++;
    return this.add(delay, act, false);
  }

  timer(delay: number, act: () => void): Task {
    return this.add(delay, act, true);
  }

  /** Runs the first task. @returns false when there is none that is due up to and at `end` */
  step(end: number): boolean {
    const [first] = this.heap;
    if (!first || first.at > end) return false;
    this.pop();
    if (!first.isTimer) this.underWay--;
    if (first.act === null) return true;
    this.now = first.at;
    this.count++;
    first.act();
    return true;
  }

  /** Runs what is due up to and at `end`. */
  runTo(end: number): void {
    while (this.step(end));
    this.now = Math.max(this.now, end);
  }

  /** Runs what is due up to and at `end` and was asked for before: what follows from it is of the next turn. */
  turn(end: number): void {
    const { asked } = this;
    for (let [first] = this.heap; first && first.order < asked && this.step(end); [first] = this.heap);
  }

  /** Nothing is due any more. */
  clear(): void {
    this.heap.length = 0;
    this.underWay = 0;
  }

  /** Something was asked for. */
  protected added(): void {
    // Whoever runs the loop does so anyway.
  }

  private add(delay: number, act: () => void, isTimer: boolean): Task {
    const task = { at: this.now + Math.max(0, delay), order: this.asked++, act, isTimer };
    this.push(task);
    this.added();
    return task;
  }

  private push(task: LoopTask): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(task);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = heap[parent] as LoopTask;
      if (!isBefore(task, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = task;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop() as LoopTask;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as LoopTask, heap[child] as LoopTask)) child++;
      if (!isBefore(heap[child] as LoopTask, last)) break;
      heap[at] = heap[child] as LoopTask;
      at = child;
    }
    heap[at] = last;
  }
}
