/** The result file: the rows, and where they were measured. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { z } from 'zod';
import type { Row } from './figures.js';

const spread = z.object({ median: z.number(), min: z.number(), max: z.number() });

const latency = z.object({ p50: z.number(), p99: z.number(), p999: z.number() }).nullable();

const system = z.object({
  system: z.string(),
  rate: spread,
  latency,
  cpuOf: z.record(z.string(), z.number()),
  ratio: z.number().nullable(),
});

const row = z.object({
  case: z.string(),
  unit: z.enum(['messages/s', 'deliveries/s', 'changes/s', 'round trips/s', 'sessions/s', 'ms']),
  runs: z.number(),
  rate: spread,
  latency,
  cpu: z.number().nullable(),
  memory: z.number().nullable(),
  yardstick: z.object({ rate: spread, cpu: z.number().nullable() }).nullable(),
  ratio: z.number().nullable(),
  facts: z.record(z.string(), z.number()),
  systems: z.array(system).optional(),
  leftOut: z.array(z.string()).optional(),
  point: z.object({ curve: z.string(), n: z.number() }).optional(),
});

const results = z.object({
  /** Of the measurement, ISO 8601. */
  date: z.string(),
  /** Of the code; empty when it is not known. */
  commit: z.string(),
  node: z.string(),
  processor: z.string(),
  cores: z.number(),
  /** How many processes wanted a core when it began, averaged over a minute; older files have none. */
  load: z.number().optional(),
  seconds: z.number(),
  rows: z.array(row),
});

export type Results = z.infer<typeof results>;

/** What is known before anything is measured: the code may change while a long bench runs. */
export const beginning = (seconds: number, date = new Date()): Omit<Results, 'rows'> => ({
  date: date.toISOString(),
  commit: commit(),
  node: process.version,
  processor: cpus()[0]?.model ?? '',
  cores: cpus().length,
  load: loadavg()[0] ?? 0,
  seconds,
});

export const resultsOf = (begun: Omit<Results, 'rows'>, rows: readonly Row[]): Results => ({
  ...begun,
  rows: rows.map(({ systems, leftOut, ...each }) => ({
    ...each,
    ...(leftOut && { leftOut: [...leftOut] }),
    facts: { ...each.facts },
    ...(systems && { systems: systems.map((one) => ({ ...one, cpuOf: { ...one.cpuOf } })) }),
  })),
});

/** @throws Error when the file is not a result file */
export function readResults(path: string): Results {
  const { success, data } = results.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!success) throw new Error(`${path} is not a result file`);
  return data;
}

export function writeResults(path: string, what: Results): void {
  writeFileSync(path, `${JSON.stringify(what, rounded, 2)}\n`);
}

/** Four digits say all there is to say. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;

function commit(): string {
  try {
    const git = (...args: readonly string[]): string =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const isChanged = git('status', '--porcelain', '--untracked-files=no', 'lib', 'daemon') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? '+' : '');
  } catch {
    return '';
  }
}
