/** The clock of the channels: runs what is due. */
import { type TimerEntry, TimerHeap } from './due.js';

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
