/** A daemon that knows who may do what, for specs of refusals. */
import { writeFile } from 'node:fs/promises';
import type { DaemonOptions } from '../../daemon/index.js';
import { TemporaryDirectory } from './temporary.js';

/**
 * Starts something with these rules, `principal actions pattern` a line. They are read at the start and not again.
 * @param start is given the options of the daemon
 */
export async function withRules<T>(
  lines: readonly string[],
  start: (options: DaemonOptions) => Promise<T>,
): Promise<T> {
  await using folder = await TemporaryDirectory.make();
  const groupFile = folder.file('groups');
  await writeFile(groupFile, `${lines.join('\n')}\n`);
  return await start({ groupFile });
}
