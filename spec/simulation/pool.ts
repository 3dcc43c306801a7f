/** Runs many seeds on several workers. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Kind } from './plan.js';

/** What a worker is asked for: it answers with a list of results. */
export interface Chunk {
  readonly first: number;
  readonly count: number;
  readonly kind: Kind | undefined;
  /** For the recipes: whether strangers and liars are in every world; without it the seed says so. */
  readonly guests: boolean | undefined;
}

export interface PoolOptions<Result> {
  /** The worker's program. */
  readonly program: URL;
  readonly from: number;
  readonly count: number;
  readonly workers: number;
  readonly kind?: Kind | undefined;
  readonly guests?: boolean | undefined;
  /** Seeds that a worker does at once. */
  readonly chunk?: number;
  readonly done: (result: Result) => void;
}

export async function runSeeds<Result>({
  program,
  from,
  count,
  workers,
  kind,
  guests,
  chunk = 20,
  done,
}: PoolOptions<Result>): Promise<void> {
  let next = from;
  const end = from + count;
  const take = (): Chunk | null => {
    if (next >= end) return null;
    const first = next;
    next = Math.min(end, next + chunk);
    return { first, count: next - first, kind, guests };
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(program);
    try {
      for (let given = take(); given; given = take()) {
        worker.postMessage(given, []);
        const [results] = (await once(worker, 'message')) as [Result[]];
        for (const result of results) done(result);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

/** What each of these many fresh seeds has that is wrong. @param faultOf null: nothing */
export async function faultsOf<Result>(
  { program, from, count }: Pick<PoolOptions<Result>, 'program' | 'from' | 'count'>,
  faultOf: (result: Result) => string | null,
): Promise<string[]> {
  const faults: string[] = [];
  let played = 0;
  await runSeeds<Result>({
    program,
    from,
    count,
    workers: 2,
    done(result) {
      played++;
      const fault = faultOf(result);
      if (fault !== null) faults.push(fault);
    },
  });
  return played === count ? faults : [...faults, `${played} of ${count} seeds were played`];
}
