/** From the samples of a case to its row. */
import { summary } from './summary.js';
import type { Case, Point, Sample, Unit } from './case.js';
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
  /** Of a case that compares several systems: all of them, the subject first. */
  readonly systems?: readonly SystemRow[] | undefined;
  /** One line for each system that was not there. */
  readonly leftOut?: readonly string[] | undefined;
  readonly point?: Point | undefined;
}

/** One of several systems that do the same. */
export interface SystemRow {
  readonly system: string;
  readonly rate: Spread;
  /** Microseconds, of all runs together. */
  readonly latency: Quantiles | null;
  /** Seconds of processor time for a million of what is counted, by what the process does. */
  readonly cpuOf: Readonly<Record<string, number>>;
  /** How many times as fast the subject was: the median of subject / this one, pair by pair; null for the subject. */
  readonly ratio: number | null;
}

export interface Measured {
  readonly samples: readonly Sample[];
  readonly cpu: number | null;
  /** Seconds of processor time, by what the process does. */
  readonly cpuOf: Readonly<Record<string, number>>;
  readonly memory: number | null;
}

export const isLessBetter = (unit: Unit): boolean => unit === 'ms';

/** What a sample comes to in this unit: milliseconds of one, or how many in a second. */
const figureIn =
  (unit: Unit) =>
  ({ count, seconds }: Sample): number =>
    isLessBetter(unit) ? (seconds * 1_000) / count : count / seconds;

export function rowOf({ name, unit, point }: Case, subject: Measured, yardstick: Measured | null): Row {
  const values = subject.samples.map(figureIn(unit));
  const yards = yardstick?.samples.map(figureIn(unit)) ?? [];
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
    ...(point && { point }),
  };
}

/** @param subject what `system` is compared with; null when it is the subject itself */
export function systemRow(
  unit: Unit,
  system: string,
  measured: Measured,
  subject: Measured | null,
): SystemRow {
  const values = measured.samples.map(figureIn(unit));
  const others = subject?.samples.map(figureIn(unit)) ?? [];
  const count = countOf(measured.samples);
  const cpuOf = Object.entries(measured.cpuOf).map(([name, cpu]) => [name, (cpu * 1e6) / count]);
  return {
    system,
    rate: spread(values),
    latency: quantilesOf(measured.samples.flatMap(({ latencies }) => latencies ?? [])),
    cpuOf: Object.fromEntries(cpuOf) as Record<string, number>,
    ratio: subject && summary(others.map((value, i) => value / (values[i] as number))).median,
  };
}

const countOf = (samples: readonly Sample[]): number => samples.reduce((sum, { count }) => sum + count, 0);

const spread = (values: readonly number[]): Spread =>
  (({ median, min, max }) => ({ median, min, max }))(summary(values));

function perMillion({ samples, cpu }: Measured): number | null {
  return cpu === null ? null : (cpu * 1e6) / countOf(samples);
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
