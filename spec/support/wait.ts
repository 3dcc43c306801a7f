/** Waiting for a fact, with a limit: no spec sleeps to be safe. */

const DEFAULT_LIMIT = 5_000;

/** Resolves when `fact` holds, looked at once in each round of the event loop. */
export async function until(fact: () => boolean, what: string, limit = DEFAULT_LIMIT): Promise<void> {
  const end = performance.now() + limit;
  while (!fact()) {
    if (performance.now() > end) throw new Error(`waited ${limit} ms in vain: ${what}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
