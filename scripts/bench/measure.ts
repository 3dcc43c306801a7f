/** Runs a case: subject and yardstick in turn, so that both meet the machine in the same mood. */
import type { Case, Probe, Sample, Settings } from './case.js';
import { type Measured, type Row, rowOf } from './figures.js';
import { cpuSeconds, forgetPeak, peakMemory } from './usage.js';

/** A run that takes this part of the time that it should is long enough. */
const ENOUGH = 0.6;
/** And one that takes this much more is too long. */
const TOO_MUCH = 2;
const GROWTH = 8;
const ATTEMPTS = 8;

class Measuring {
  readonly samples: Sample[] = [];
  private cpu = 0;
  private isCpuKnown = true;
  private count = 0;

  constructor(private readonly probe: Probe) {}

  /** Warms up, and finds how much takes the time it should. */
  async warmUp(first: number, seconds: number): Promise<void> {
    this.count = first;
    for (let i = 0; i < ATTEMPTS; i++) {
      const sample = await this.probe.run(this.count);
      const share = sample.seconds / seconds;
      // The first one is cold.
      if (first === 1 || (i > 0 && share >= ENOUGH && share <= TOO_MUCH)) break;
      this.count = Math.max(first, Math.round(this.count * Math.min(GROWTH, 1 / share)));
    }
    for (const pid of this.probe.pids) forgetPeak(pid);
  }

  async run(): Promise<void> {
    const before = this.usedSoFar();
    this.samples.push(await this.probe.run(this.count));
    const after = this.usedSoFar();
    if (before === null || after === null) this.isCpuKnown = false;
    else this.cpu += after - before;
  }

  result(): Measured {
    const { probe, samples, cpu, isCpuKnown } = this;
    return { samples, cpu: isCpuKnown ? cpu : null, memory: sum(probe.pids.map(peakMemory)) };
  }

  private usedSoFar(): number | null {
    return sum(this.probe.pids.map(cpuSeconds));
  }
}

export async function measure(each: Case, settings: Settings): Promise<Row> {
  await using prepared = await each.prepare(settings);
  const subject = new Measuring(prepared.subject);
  const yardstick = prepared.yardstick && new Measuring(prepared.yardstick);
  const pair = yardstick ? [subject, yardstick] : [subject];
  for (const one of pair) await one.warmUp(each.first, settings.seconds);
  for (let i = 0; i < Math.min(settings.runs, each.runs ?? Infinity); i++) {
    // Each goes first as often as the other.
    for (const one of i % 2 === 0 ? pair : pair.toReversed()) await one.run();
  }
  return rowOf(each, subject.result(), yardstick && yardstick.result());
}

function sum(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
}
