/** `#secure` in Node: a program without secure groups loads no cryptography. */
import type { secureFilter } from './secure-membership.js';

/** Loads what makes a group a secure one. */
export async function loadSecure(): Promise<typeof secureFilter> {
  return (await import('./secure-membership.js')).secureFilter;
}
