/** The key of a file, with which all daemons of a cluster seal the tokens of their clients. */
import type { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { IllegalParamError } from '../../lib/errors.js';
import type { ResumeKey } from '../core/resume-keys.js';
import { keyOf } from './tokens.js';

/** Fewer can be guessed. */
const LEAST_BYTES = 32;

/** @throws IllegalParamError for a file that cannot be read, or is too short */
export async function loadResumeKey(path: string): Promise<ResumeKey> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException): Buffer => {
    throw new IllegalParamError(`resumeKeyFile: ${path} cannot be read: ${error.message}`, { cause: error });
  });
  if (content.length < LEAST_BYTES) {
    throw new IllegalParamError(
      `resumeKeyFile: expected at least ${LEAST_BYTES} bytes in ${path}, got ${content.length}`,
    );
  }
  return keyOf(content);
}
