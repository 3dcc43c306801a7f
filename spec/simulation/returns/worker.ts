/** One of several workers that play worlds of connections that come back. The seed says which kind of world. */
import { parentPort } from 'node:worker_threads';
import type { Chunk } from '../pool.js';
import { profiles, type Profile } from './profiles.js';
import { type Outcome, ReturnsWorld } from './world.js';

const STEPS = 150;

export interface PlayedReturns extends Outcome {
  readonly seed: number;
  readonly profile: string;
}

export async function playReturns(seed: number): Promise<PlayedReturns> {
  const all: readonly Profile[] = Object.values(profiles);
  const profile = all[seed % all.length] as Profile;
  return { seed, profile: profile.name, ...(await ReturnsWorld.run(seed, STEPS, profile)) };
}

export const program = new URL(import.meta.url);

parentPort?.on('message', ({ first, count }: Chunk) => {
  void (async () => {
    const results: PlayedReturns[] = [];
    for (let seed = first; seed < first + count; seed++) results.push(await playReturns(seed));
    parentPort?.postMessage(results, []);
  })();
});
