/**
 * One run of one process, which is also the clock of its connections. While it is frozen, whatever
 * reaches it waits; when it is dead, nothing reaches it any more.
 */
import type { Clock, Timer } from '../../lib/util/clock.js';
import type { Loop, Task } from './loop.js';

/** The time of day at which every world begins. */
const EPOCH = 1_700_000_000_000;
/**
 * The time of day runs faster than the rest: group ids count seconds, and no daemon is started again within one. In a
 * world that lasts two seconds it would be.
 */
const DAY_SPEED = 100;
/** One round of the event loop: what comes in within it is of one turn. */
const ROUND = 0.05;

/** The shortest time of a timer. */
const LEAST_DELAY = 1;

class VirtualTimer implements Timer {
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
  readonly timeOrigin = EPOCH;
  /** When it went on after it was last frozen, and for how long it had been. */
  thawedAt = -Infinity;
  frozenFor = 0;
  private state: 'running' | 'frozen' | 'dead' = 'running';
  private frozenAt = 0;
  private waiting: (() => void)[] = [];

  constructor(private readonly loop: Loop) {}

  get isRunning(): boolean {
    return this.state === 'running';
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
    this.frozenAt = this.loop.now;
  }

  thaw(): void {
    if (this.state !== 'frozen') return;
    this.state = 'running';
    this.thawedAt = this.loop.now;
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
    return this.loop.now;
  }

  date(): number {
    return EPOCH + DAY_SPEED * this.loop.now;
  }

  after(milliseconds: number, act: () => void): Timer {
    const task = this.loop.after(Math.max(LEAST_DELAY, milliseconds), () =>
      // Cancelled while it waited for the process to run again.
      this.run(() => {
        if (task.act !== null) act();
      }),
    );
    return new VirtualTimer(task);
  }

  soon(act: () => void): void {
    this.reach(ROUND, act);
  }

  /** Something reaches it from outside, after so many milliseconds. */
  reach(delay: number, act: () => void): void {
    this.loop.after(delay, () => this.run(act));
  }
}
