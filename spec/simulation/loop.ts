/** Virtual time: what is due is called in order of time, and at one time in the order in which it was asked for. */

export interface Task {
  readonly at: number;
  readonly order: number;
  /** Null: cancelled. */
  act: (() => void) | null;
}

const isBefore = (a: Task, b: Task): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export class Loop {
  /** Milliseconds. */
  now = 0;
  /** Tasks that were run. */
  count = 0;
  private readonly heap: Task[] = [];
  private asked = 0;

  after(delay: number, act: () => void): Task {
    const task: Task = { at: this.now + Math.max(0, delay), order: this.asked++, act };
    this.push(task);
    return task;
  }

  /** Runs the first task. @returns false when there is none that is due up to and at `end` */
  step(end: number): boolean {
    const [first] = this.heap;
    if (!first || first.at > end) return false;
    this.pop();
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

  private push(task: Task): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(task);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = heap[parent] as Task;
      if (!isBefore(task, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = task;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop() as Task;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Task, heap[child] as Task)) child++;
      if (!isBefore(heap[child] as Task, last)) break;
      heap[at] = heap[child] as Task;
      at = child;
    }
    heap[at] = last;
  }
}
