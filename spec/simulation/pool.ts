/** Runs many seeds on several workers. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Kind } from './plan.js';
import type { Chunk, SeedResult } from './worker.js';

export interface PoolOptions {
  readonly from: number;
  readonly count: number;
  readonly workers: number;
  readonly kind?: Kind | undefined;
  /** Seeds that a worker does at once. */
  readonly chunk?: number;
  readonly done: (result: SeedResult) => void;
}

export async function runSeeds({ from, count, workers, kind, chunk = 20, done }: PoolOptions): Promise<void> {
  let next = from;
  const end = from + count;
  const take = (): Chunk | null => {
    if (next >= end) return null;
    const first = next;
    next = Math.min(end, next + chunk);
    return { first, count: next - first, kind };
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('worker.js', import.meta.url));
    try {
      for (let given = take(); given; given = take()) {
        worker.postMessage(given, []);
        const [results] = (await once(worker, 'message')) as [SeedResult[]];
        for (const result of results) done(result);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}
