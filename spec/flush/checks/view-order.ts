/** [flush-layer VS14]: views are some of the plain views, in their order. */
import type { MembershipLog, Violation } from './log.js';

export const viewOrder = (logs: readonly MembershipLog[]): Violation[] =>
  logs.flatMap((log) => {
    const plain: string[] = [];
    let last = -1;
    for (const entry of log.entries) {
      if (entry.kind === 'plain-view') plain.push(entry.view);
      if (entry.kind !== 'view') continue;
      const at = plain.indexOf(entry.view);
      if (at <= last) return [{ property: 'VS14', text: `${log.name} installed ${entry.view} out of order` }];
      last = at;
    }
    return [];
  });
