/** How old messages are when they arrive, as a histogram that can be handed to the runner. */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';
import { now } from './now.js';

/** Nanoseconds: up to 100 s; what is less than 1 us is one bucket. */
const RANGE = { lowestDiscernibleValue: 1_000, highestTrackableValue: 1e11 };

const empty = (): Histogram => build({ ...RANGE, bitBucketSize: 32 });

export class Latencies {
  private histogram = empty();

  /** A message of this time arrived. */
  arrived(stamp: number): void {
    this.add(now() - stamp);
  }

  add(milliseconds: number): void {
    this.histogram.recordValue(Math.max(0, Math.round(milliseconds * 1e6)));
  }

  /** What was gathered since the last call, as text; null for nothing. */
  take(): string | null {
    const { histogram } = this;
    if (histogram.totalCount === 0) return null;
    this.histogram = empty();
    return encodeIntoCompressedBase64(histogram);
  }
}

/** Microseconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** The quantiles of several histograms together; null for none. */
export function quantilesOf(texts: readonly string[]): Quantiles | null {
  if (texts.length === 0) return null;
  const whole = empty();
  for (const text of texts) whole.add(decodeFromCompressedBase64(text));
  const at = (percent: number): number => whole.getValueAtPercentile(percent) / 1e3;
  return { p50: at(50), p99: at(99), p999: at(99.9) };
}
