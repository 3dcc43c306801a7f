/** Standard output, line by line. */
import { once } from 'node:events';

/** Writes a line. Resolves when there is room for another, or when nobody waits for more. */
export async function print(line: string, stop: AbortSignal): Promise<void> {
  if (process.stdout.write(`${line}\n`) || stop.aborted) return;
  await once(process.stdout, 'drain', { signal: stop }).catch(() => undefined);
}
