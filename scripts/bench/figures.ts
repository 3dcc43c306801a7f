/** From the samples of a case to its row. */
import { summary } from './summary.js';
import type { Case, Sample, Unit } from './case.js';
import { type Quantiles, quantilesOf } from './load/latencies.js';

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Row {
  readonly case: string;
  readonly unit: Unit;
  readonly runs: number;
  readonly rate: Spread;
  /** Microseconds, of all runs together. */
  readonly latency: Quantiles | null;
  /** Seconds of the server's processor time for a million of what is counted. */
  readonly cpu: number | null;
  /** Highest resident memory of the server, in bytes. */
  readonly memory: number | null;
  readonly yardstick: { readonly rate: Spread; readonly cpu: number | null } | null;
  /** The median of rate / yardstick, pair by pair. */
  readonly ratio: number | null;
  readonly facts: Readonly<Record<string, number>>;
}

export interface Measured {
  readonly samples: readonly Sample[];
  readonly cpu: number | null;
  readonly memory: number | null;
}

export const isLessBetter = (unit: Unit): boolean => unit === 'ms';

const valueOf =
  (unit: Unit) =>
  ({ count, seconds }: Sample): number =>
    isLessBetter(unit) ? (seconds * 1_000) / count : count / seconds;

export function rowOf({ name, unit }: Case, subject: Measured, yardstick: Measured | null): Row {
  const values = subject.samples.map(valueOf(unit));
  const yards = yardstick?.samples.map(valueOf(unit)) ?? [];
  const latencies = subject.samples.flatMap(({ latencies: text }) => text ?? []);
  return {
    case: name,
    unit,
    runs: values.length,
    rate: spread(values),
    latency: quantilesOf(latencies),
    cpu: perMillion(subject),
    memory: subject.memory,
    yardstick: yardstick && { rate: spread(yards), cpu: perMillion(yardstick) },
    ratio: yardstick && summary(values.map((value, i) => value / (yards[i] as number))).median,
    facts: worst(subject.samples),
  };
}

const spread = (values: readonly number[]): Spread =>
  (({ median, min, max }) => ({ median, min, max }))(summary(values));

function perMillion({ samples, cpu }: Measured): number | null {
  const count = samples.reduce((sum, sample) => sum + sample.count, 0);
  return cpu === null ? null : (cpu * 1e6) / count;
}

function worst(samples: readonly Sample[]): Record<string, number> {
  const facts: Record<string, number> = {};
  for (const sample of samples) {
    for (const [name, value] of Object.entries(sample.facts ?? {})) {
      facts[name] = Math.max(facts[name] ?? -Infinity, value);
    }
  }
  return facts;
}
