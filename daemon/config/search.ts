/** Where the configuration is looked for: [daemon 4.1]. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from './error.js';

export const FILE_NAME = 'spread.conf';
/** Spread 5.0.1 fixes this when it is built; this is its default. */
const SYSTEM_DIRECTORY = '/usr/local/etc';
/** Some editors put one before the text. It would be part of the first word. */
const BYTE_ORDER_MARK = /^\ufeff/;

export interface FoundFile {
  /** The path that could be read. */
  readonly file: string;
  readonly text: string;
}

/**
 * Reads the given file, and no other: one that is missing is no reason to run with the settings of somebody else.
 * Without one reads `spread.conf` in the working directory, else in the system directory.
 * @throws ConfigurationError when none can be read
 */
export async function searchConfiguration(
  given?: string,
  directories: readonly string[] = ['.', SYSTEM_DIRECTORY],
): Promise<FoundFile> {
  const files = given === undefined ? directories.map((directory) => join(directory, FILE_NAME)) : [given];
  const failures: string[] = [];
  for (const file of files) {
    try {
      // One after the other: a later file counts only when the earlier ones cannot be read.
      // oxlint-disable-next-line no-await-in-loop
      return { file, text: (await readFile(file, 'utf8')).replace(BYTE_ORDER_MARK, '') };
    } catch (error) {
      failures.push(`${file} cannot be read (${reasonOf(error)})`);
    }
  }
  throw new ConfigurationError(`no configuration: ${failures.join(', ')}`, given ?? FILE_NAME);
}

/** `ENOENT` and the like, which say it shortest. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}
