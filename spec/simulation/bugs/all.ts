/** All planted bugs, shared between a quick spec and a long one. */
import { groupBugs } from './groups.js';
import type { Bug } from './planted.js';
import { viewBugs } from './views.js';

const isQuick: ReadonlySet<Bug> = new Set([
  ...groupBugs.filter((_, i) => i % 7 === 0),
  ...viewBugs.filter((_, i) => i % 6 === 4),
]);

/** Some, for a quick look. */
export const quickBugs: readonly Bug[] = [...isQuick];
/** The others. */
export const otherBugs: readonly Bug[] = [...groupBugs, ...viewBugs].filter((bug) => !isQuick.has(bug));
