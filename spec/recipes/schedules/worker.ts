/** One of several workers that play random schedules: every configuration in turn. */
import { parentPort } from 'node:worker_threads';
import type { Chunk } from '../../simulation/pool.js';
import { configurations, faultOf, nameOf } from './configurations.js';
import type { WorldOptions } from './schedule-world.js';

export interface PlayedSchedule {
  readonly seed: number;
  readonly configuration: string;
  readonly fault: string | null;
}

export const program = new URL(import.meta.url);

parentPort?.on('message', ({ first, count }: Chunk) => {
  const played: PlayedSchedule[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const options = configurations[seed % configurations.length] as WorldOptions;
    played.push({ seed, configuration: nameOf(options), fault: faultOf(options, seed) });
  }
  parentPort?.postMessage(played, []);
});
