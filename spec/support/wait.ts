/** Waiting for a fact, with a limit: no spec sleeps to be safe. */

import { setTimeout as pause } from 'node:timers/promises';

/** Only for what never comes: a machine that does other things too may need seconds for what takes it milliseconds. */
const DEFAULT_LIMIT = 15_000;
const LOOK_MS = 5;

/** Resolves when `fact` holds, looked at once in each round of the event loop. */
export async function until(fact: () => boolean, what: string, limit = DEFAULT_LIMIT): Promise<void> {
  const end = performance.now() + limit;
  while (!fact()) {
    if (performance.now() > end) throw new Error(`waited ${limit} ms in vain: ${what}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/**
 * The same for what takes long and is done by other processes, which want the processor meanwhile: looked at every few
 * milliseconds.
 */
export async function eventually(
  fact: () => boolean | Promise<boolean>,
  what: string,
  limit = DEFAULT_LIMIT,
): Promise<void> {
  const end = performance.now() + limit;
  while (!(await fact())) {
    if (performance.now() > end) throw new Error(`waited ${limit} ms in vain: ${what}`);
    await pause(LOOK_MS);
  }
}
