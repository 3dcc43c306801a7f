/** The machine's time, for processes of a test. No handle of it outlives what is under way. */
import { abortable } from '../../../lib/util/deferred.js';
import { type Driver, ENDED, machine } from './driver.js';
import { Loop } from './loop.js';
import type { Task } from './time.js';

/** Milliseconds for which the process lives on although nobody waits and nothing is asked. */
const IDLE_MS = 5_000;
/** Turns of the event loop that a look waits for, before it waits for longer. */
const QUICK_TURNS = 30;
const SLOW_TURN_MS = 1;
const MAX_TIMEOUT = 0x7fff_ffff;

export class RealTime implements Driver {
  readonly round = 0;
  readonly calmTurns = 3;
  private readonly loop = new Loop(this.round);
  private readonly start = machine.now();
  private immediate: NodeJS.Immediate | null = null;
  private timeout: NodeJS.Timeout | null = null;
  /** When the timeout is due. */
  private due = Infinity;
  private alive: NodeJS.Timeout | null = null;
  private pending = 0;
  private turns = 0;
  private seen = -1;
  /** Aborts when nothing happens any more. */
  private readonly end = new AbortController();

  get now(): number {
    return machine.now() - this.start;
  }

  get underWay(): number {
    return this.loop.underWay;
  }

  get asked(): number {
    return this.loop.asked;
  }

  after(delay: number, act: () => void): Task {
    return this.add('after', delay, act);
  }

  timer(delay: number, act: () => void): Task {
    return this.add('timer', delay, act);
  }

  /** Short while something happens, longer while nothing does. */
  async nextTurn(): Promise<void> {
    this.turns = this.seen === this.asked ? this.turns + 1 : 0;
    this.seen = this.asked;
    const isQuick = this.turns < QUICK_TURNS;
    await new Promise<void>((resolve) => {
      if (isQuick) machine.setImmediate(resolve);
      else machine.setTimeout(resolve, SLOW_TURN_MS);
    });
  }

  touch(): void {
    if (this.end.signal.aborted) return;
    if (this.alive) this.alive.refresh();
    else this.alive = machine.setTimeout(() => this.idle(), IDLE_MS);
  }

  async whilePending<T>(promise: Promise<T>): Promise<T> {
    this.pending++;
    this.touch();
    try {
      return await abortable(promise, this.end.signal);
    } finally {
      this.pending--;
    }
  }

  stop(): void {
    this.end.abort(new Error(ENDED));
    this.loop.clear();
    if (this.immediate) machine.clearImmediate(this.immediate);
    for (const timer of [this.timeout, this.alive]) if (timer) machine.clearTimeout(timer);
    this.immediate = this.timeout = this.alive = null;
  }

  private idle(): void {
    this.alive = null;
    if (this.pending > 0) this.touch();
  }

  private add(kind: 'after' | 'timer', delay: number, act: () => void): Task {
    const { loop } = this;
    loop.now = this.now;
    const task = loop[kind](delay, act);
    if (this.end.signal.aborted) loop.clear();
    else this.arm();
    return task;
  }

  private arm(): void {
    const { next } = this.loop;
    const wait = next - this.now;
    if (this.immediate || next === Infinity) return;
    if (wait <= 0) {
      this.immediate = machine.setImmediate(() => {
        this.immediate = null;
        this.run();
      });
    } else if (next < this.due) {
      if (this.timeout) machine.clearTimeout(this.timeout);
      this.due = next;
      // What is far away is looked at again on the way: a longer one would fire at once.
      this.timeout = machine.setTimeout(() => this.run(), Math.min(Math.ceil(wait), MAX_TIMEOUT)).unref();
    }
  }

  private run(): void {
    if (this.timeout) machine.clearTimeout(this.timeout);
    this.timeout = null;
    this.due = Infinity;
    try {
      this.loop.turn(this.now);
    } finally {
      if (!this.end.signal.aborted) this.arm();
    }
  }
}
