/**
 * One run of one process, which is also the clock of its connections. While it is frozen, whatever
 * reaches it waits; when it is dead, nothing reaches it any more.
 */
import type { Clock, Timer } from '../../../lib/util/clock.js';
import type { Task, Time } from './time.js';

/** The time of day at which every simulated world begins. */
const EPOCH = 1_700_000_000_000;
/**
 * The time of day of simulated worlds runs faster than the rest: group ids count seconds, and no daemon is started again
 * within one. In a world that lasts two seconds it would be.
 */
const DAY_SPEED = 100;

/** The shortest time of a timer. */
const LEAST_DELAY = 1;

/** The time of day: milliseconds since 1970 at the beginning, and how much faster than the rest it runs. */
export interface Day {
  readonly begin: number;
  readonly speed: number;
}

class ProcessTimer implements Timer {
  constructor(private readonly task: Task) {}

  cancel(): void {
    this.task.act = null;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

export class Process implements Clock {
  readonly timeOrigin: number;
  /** When it went on after it was last frozen, and for how long it had been. */
  thawedAt = -Infinity;
  frozenFor = 0;
  private state: 'running' | 'frozen' | 'dead' = 'running';
  private frozenAt = 0;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly time: Time,
    private readonly day: Day = { begin: EPOCH, speed: DAY_SPEED },
  ) {
    this.timeOrigin = day.begin;
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  get isFrozen(): boolean {
    return this.state === 'frozen';
  }

  get isDead(): boolean {
    return this.state === 'dead';
  }

  /** What happens to the process from outside: at once, or when it runs again. */
  run(act: () => void): void {
    if (this.state === 'running') act();
    else if (this.state === 'frozen') this.waiting.push(act);
  }

  freeze(): void {
    if (this.state !== 'running') return;
    this.state = 'frozen';
    this.frozenAt = this.time.now;
  }

  thaw(): void {
    if (this.state !== 'frozen') return;
    this.state = 'running';
    this.thawedAt = this.time.now;
    this.frozenFor = this.thawedAt - this.frozenAt;
    const { waiting } = this;
    this.waiting = [];
    for (const act of waiting) this.run(act);
  }

  kill(): void {
    this.state = 'dead';
    this.waiting = [];
  }

  now(): number {
    return this.time.now;
  }

  date(): number {
    return this.day.begin + this.day.speed * this.time.now;
  }

  after(milliseconds: number, act: () => void): Timer {
    const task = this.time.timer(Math.max(LEAST_DELAY, milliseconds), () =>
      // Cancelled while it waited for the process to run again.
      this.run(() => {
        if (task.act !== null) act();
      }),
    );
    return new ProcessTimer(task);
  }

  soon(act: () => void): void {
    this.reach(this.time.round, act);
  }

  /** Something reaches it from outside, after so many milliseconds. */
  reach(delay: number, act: () => void): void {
    this.time.after(delay, () => this.run(act));
  }
}
