/** `#typed` without Node: loaded with the first join that has a schema, since few pages have one. */
import type * as part from '../client/typed/part.js';

let loaded: typeof part | null = null;

/** Null until it is loaded. */
export const typedPart = (): typeof part | null => loaded;

export async function loadTyped(): Promise<typeof part> {
  return (loaded = await import('./parts/typed.js'));
}
