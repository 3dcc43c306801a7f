/**
 * How late the event loop is. Two histograms of which each lives two windows and begins one after the other: the elder
 * always holds the last one to two windows, whoever asks and how often.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds between two looks. Each one wakes the process. */
const RESOLUTION = 20;
const WINDOW = 30_000;
const NANOSECONDS = 1e6;

/** Milliseconds. */
export interface Delays {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class LoopDelay {
  private elder: IntervalHistogram;
  private younger: IntervalHistogram;
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.elder = monitorEventLoopDelay({ resolution: RESOLUTION });
    this.younger = monitorEventLoopDelay({ resolution: RESOLUTION });
    this.elder.enable();
    this.younger.enable();
    this.timer = setInterval(() => this.turn(), WINDOW).unref();
  }

  get delays(): Delays {
    const { elder } = this;
    if (elder.count === 0) return { mean: 0, p50: 0, p99: 0, max: 0 };
    return {
      mean: late(elder.mean),
      p50: late(elder.percentile(50)),
      p99: late(elder.percentile(99)),
      max: late(elder.max),
    };
  }

  stop(): void {
    clearInterval(this.timer);
    this.elder.disable();
    this.younger.disable();
  }

  private turn(): void {
    this.elder.reset();
    [this.elder, this.younger] = [this.younger, this.elder];
  }
}

/** The histogram holds the time between two looks; what is more than asked for is the delay. */
const late = (nanoseconds: number): number =>
  Math.max(0, Math.round((nanoseconds / NANOSECONDS - RESOLUTION) * 1_000) / 1_000);
