/** Runs a case: subject and yardstick in turn, so that both see the machine in the same state. */
import type { Case, Probe, Sample, Settings, SystemProbe } from './case.js';
import { type Measured, type Row, rowOf, systemRow } from './figures.js';
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
  private readonly cpuOf: Record<string, number> = {};
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
    const beforeOf = this.usedByEach();
    this.samples.push(await this.probe.run(this.count));
    const after = this.usedSoFar();
    for (const [name, used] of Object.entries(this.usedByEach()))
      this.cpuOf[name] = (this.cpuOf[name] ?? 0) + used - (beforeOf[name] ?? 0);
    if (before === null || after === null) this.isCpuKnown = false;
    else this.cpu += after - before;
  }

  result(): Measured {
    const { probe, samples, cpu, cpuOf, isCpuKnown } = this;
    return { samples, cpu: isCpuKnown ? cpu : null, cpuOf, memory: sum(probe.pids.map(peakMemory)) };
  }

  /** Without those of which nothing is known. */
  private usedByEach(): Record<string, number> {
    const used: Record<string, number> = {};
    for (const [name, pid] of Object.entries(this.probe.processes ?? {})) {
      const seconds = cpuSeconds(pid);
      if (seconds !== null) used[name] = seconds;
    }
    return used;
  }

  private usedSoFar(): number | null {
    return sum(this.probe.pids.map(cpuSeconds));
  }
}

export async function measure(each: Case, settings: Settings): Promise<Row> {
  await using prepared = await each.prepare(settings);
  const { systems, leftOut = [] } = prepared;
  if (systems) return { ...(await compare(each, systems, settings)), leftOut };
  const subject = new Measuring(prepared.subject);
  const yardstick = prepared.yardstick && new Measuring(prepared.yardstick);
  await takeTurns(each, yardstick ? [subject, yardstick] : [subject], settings);
  return rowOf(each, subject.result(), yardstick && yardstick.result());
}

/** All systems of a case, of which the first is the subject. */
async function compare(each: Case, systems: readonly SystemProbe[], settings: Settings): Promise<Row> {
  const all = systems.map(({ probe }) => new Measuring(probe));
  await takeTurns(each, all, settings);
  const results = all.map((one) => one.result());
  const [subject] = results as [Measured];
  const rows = systems.map(({ name }, i) =>
    systemRow(each.unit, name, results[i] as Measured, i === 0 ? null : subject),
  );
  return { ...rowOf(each, subject, null), systems: rows };
}

async function takeTurns(each: Case, all: readonly Measuring[], settings: Settings): Promise<void> {
  for (const one of all) await one.warmUp(each.first, settings.seconds);
  for (let i = 0; i < Math.min(settings.runs, each.runs ?? Infinity); i++) {
    // Each goes first as often as the other.
    for (const one of i % 2 === 0 ? all : all.toReversed()) await one.run();
  }
}

function sum(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
}
