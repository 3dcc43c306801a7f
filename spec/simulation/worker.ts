/** One of several workers that run seeds: takes a first seed and a count, tells what came of each. */
import { parentPort } from 'node:worker_threads';
import { generate } from './generate.js';
import type { Kind } from './plan.js';
import type { Chunk } from './pool.js';
import { run } from './run.js';

export interface SeedResult {
  readonly seed: number;
  readonly hash: string;
  readonly deliveries: number;
  readonly sends: number;
  readonly views: number;
  /** What is wrong, a line each. */
  readonly violations: readonly string[];
}

export function runSeed(seed: number, kind?: Kind): SeedResult {
  const { hash, figures, violations } = run(generate(seed, kind ? { kind } : {}));
  const { deliveries, sends, views } = figures;
  const lines = violations.map(({ property, text }) => `${property}: ${text}`);
  return { seed, hash, deliveries, sends, views, violations: lines };
}

export const program = new URL(import.meta.url);

parentPort?.on('message', ({ first, count, kind }: Chunk) => {
  const results: SeedResult[] = [];
  for (let seed = first; seed < first + count; seed++) results.push(runSeed(seed, kind));
  parentPort?.postMessage(results, []);
});
