/** What one process of the bench feels: how long commands took, and for how long nothing came. */
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

/** The worst since the last look; milliseconds. */
export interface Felt {
  /** From the moment at which a command was due to its result; 0 where none was submitted. */
  readonly slowest: number;
  /** Between two commands that were applied, or the begin and the first, or the last and the end. */
  readonly gap: number;
  readonly commands: number;
  /** For how long the event loop of this process was held up, and by the garbage collector alone. */
  readonly loop: number;
  readonly collector: number;
}

const NANOSECONDS = 1e6;
/** Finest resolution that the event loop is looked at with; a loop that is free shows about this. */
const LOOK_MS = 1;

export class Gauge {
  private readonly loop = monitorEventLoopDelay({ resolution: LOOK_MS });
  private slowest = 0;
  private gap = 0;
  private commands = 0;
  private collector = 0;
  private last = performance.now();

  constructor() {
    this.loop.enable();
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.collector = Math.max(this.collector, duration);
    }).observe({ entryTypes: ['gc'] });
  }

  /** A command was applied. */
  applied(): void {
    const now = performance.now();
    this.gap = Math.max(this.gap, now - this.last);
    this.last = now;
    this.commands++;
  }

  /** A command of this process has its result. @param due when it was to be submitted */
  settled(due: number): void {
    this.slowest = Math.max(this.slowest, performance.now() - due);
  }

  /** All since the last call. */
  take(): Felt {
    const now = performance.now();
    const { slowest, commands, collector } = this;
    const gap = Math.max(this.gap, now - this.last);
    const loop = this.loop.max / NANOSECONDS;
    this.loop.reset();
    this.slowest = this.gap = this.commands = this.collector = 0;
    this.last = now;
    return { slowest, gap, commands, loop, collector };
  }
}
