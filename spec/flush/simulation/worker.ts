/** One of several workers that play seeds: each in the group model, and some on simulated daemons too. */
import { parentPort } from 'node:worker_threads';
import type { Chunk } from '../../simulation/pool.js';
import { playFull } from './full-world.js';
import { playRandom } from './random-world.js';

export interface PlayedFlush {
  readonly seed: number;
  /** Views that were installed, and messages that were delivered. */
  readonly views: number;
  readonly messages: number;
  readonly faults: readonly string[];
}

/** One seed in this many is played on simulated daemons, too. */
const FULL_IN = 20;

export const program = new URL(import.meta.url);

/** @param tell takes the trace of the group model */
export function playSeed(seed: number, tell?: (line: string) => void): PlayedFlush {
  const { violations, views, messages } = playRandom(seed, undefined, null, tell);
  const faults = violations.map(({ property, text }) => `${property}: ${text}`);
  if (seed % FULL_IN === 0) faults.push(...playFull(seed).map((fault) => `on simulated daemons: ${fault}`));
  return { seed, views, messages, faults };
}

parentPort?.on('message', ({ first, count }: Chunk) => {
  const played: PlayedFlush[] = [];
  for (let seed = first; seed < first + count; seed++) played.push(playSeed(seed));
  parentPort?.postMessage(played, []);
});
