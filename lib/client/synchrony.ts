/** `#synchrony` in Node: view synchrony is there from the start, so a join keeps its place among the calls. */
import { SynchronousGroups } from './view-synchrony.js';

export const synchronyClass = (): typeof SynchronousGroups | null => SynchronousGroups;

export const loadSynchrony = (): Promise<void> => Promise.resolve();
