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

/** One world of a configuration in this many has a liar and a stranger. */
const GUESTS_IN = 3;

export const program = new URL(import.meta.url);

parentPort?.on('message', ({ first, count }: Chunk) => {
  const played: PlayedSchedule[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const own = configurations[seed % configurations.length] as WorldOptions;
    const options = { ...own, hasGuests: Math.floor(seed / configurations.length) % GUESTS_IN === 0 };
    played.push({ seed, configuration: nameOf(options), fault: faultOf(options, seed) });
  }
  parentPort?.postMessage(played, []);
});
