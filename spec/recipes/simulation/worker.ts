/** One of several workers that play seeds. */
import { parentPort } from 'node:worker_threads';
import type { Chunk } from '../../simulation/pool.js';
import { play } from './play.js';

export interface Played {
  readonly seed: number;
  readonly faults: readonly string[];
}

export const program = new URL(import.meta.url);

parentPort?.on('message', ({ first, count, kind, guests }: Chunk) => {
  const played: Played[] = [];
  for (let seed = first; seed < first + count; seed++)
    played.push({ seed, faults: play(seed, { kind, ...(guests && { guests }) }) });
  parentPort?.postMessage(played, []);
});
