/** The groups whose schedules are played, and how a run of many seeds goes. */
import { Fault } from './history.js';
import { playRandom } from './random-world.js';
import type { Ends, WorldOptions } from './schedule-world.js';

export const nameOf = ({ of, quorum, ends }: WorldOptions): string =>
  quorum === null ? `${of} without a quorum` : `${quorum} of ${of}, ${ends} ends`;

const withQuorum = (quorum: number, of: number, ends: Ends): WorldOptions => ({ quorum, of, ends });

export const configurations: readonly WorldOptions[] = [
  ...(['loose', 'strict'] as const).flatMap((ends) => [
    withQuorum(2, 3, ends),
    withQuorum(3, 5, ends),
    withQuorum(3, 4, ends),
    withQuorum(2, 2, ends),
  ]),
  { quorum: null, of: 3, ends: 'loose' },
  { quorum: null, of: 5, ends: 'loose' },
];

/** @returns what was broken, or null */
export function faultOf(options: WorldOptions, seed: number, tell?: (line: string) => void): string | null {
  try {
    playRandom(options, seed, tell);
    return null;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    return error instanceof Error ? `THROWN: ${error.stack}` : String(error);
  }
}

export interface Found {
  readonly seed: number;
  /** Worlds that were played. */
  readonly worlds: number;
  readonly text: string;
}

/** Plays worlds until one breaks something. */
export function findFault(options: WorldOptions, worlds: number, from = 1): Found | null {
  for (let count = 1; count <= worlds; count++) {
    const seed = from + count - 1;
    const text = faultOf(options, seed);
    if (text !== null) return { seed, worlds: count, text };
  }
  return null;
}
