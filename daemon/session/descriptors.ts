/** Open files that the system allows: each session is one. Node raises its own limit to the hard one when it starts. */
import { readFile } from 'node:fs/promises';

/** For listeners, log, libraries and whatever else a process opens. */
export const RESERVED_DESCRIPTORS = 100;

/** The limit of this process; null where the system does not tell, as it does on Linux, or has none. */
export async function descriptorLimit(file = '/proc/self/limits'): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [, soft] = /^Max open files\s+(\d+)/m.exec(text) ?? [];
  return soft === undefined ? null : Number(soft);
}
