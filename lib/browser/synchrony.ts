/** `#synchrony` without Node: loaded with the first view-synchronous group, since few pages have one. */
import type { SynchronousGroups } from '../client/view-synchrony.js';

let loaded: typeof SynchronousGroups | null = null;

/** Null until it is loaded. */
export const synchronyClass = (): typeof SynchronousGroups | null => loaded;

export async function loadSynchrony(): Promise<void> {
  loaded = (await import('./parts/synchrony.js')).SynchronousGroups;
}
