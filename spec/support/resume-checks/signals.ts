/**
 * exactly one signal in each view of a group that loses members, also when the client changed daemons around it. A daemon
 * that was cut off may have given one, and the next daemon have none: then the view continues with weaker promises than it needs.
 */
import type { Violation } from '../../../daemon/testing/checks/log.js';
import type { ResumeLogs } from './log.js';

export function signals({ clients }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  for (const { client, entries } of clients) {
    const report = (text: string): void => {
      found.push({ property: 'R-17', text: `${client}: ${text}` });
    };
    const members = new Map<string, readonly string[]>();
    /** With the name at the daemon that gave it. */
    const given = new Map<string, string>();
    let here = '';
    for (const entry of entries) {
      switch (entry.kind) {
        case 'linked':
          here = entry.name;
          break;
        case 'signal':
          if (given.has(entry.group)) report(`two signals in a view of ${entry.group}`);
          if (!members.has(entry.group)) report(`a signal of ${entry.group}, of which it has no view`);
          given.set(entry.group, here);
          break;
        case 'view': {
          const lost = (members.get(entry.group) ?? []).filter((name) => !entry.members.includes(name));
          const isNetwork = entry.cause === 'network';
          if (isNetwork && lost.length > 0 && !given.has(entry.group))
            report(`${entry.group} loses ${lost.join()} without a signal`);
          if (!isNetwork && given.get(entry.group) === here)
            report(`a ${entry.cause} in ${entry.group} after the signal`);
          given.delete(entry.group);
          members.set(entry.group, entry.members);
          break;
        }
        case 'list':
          given.delete(entry.group);
          members.set(entry.group, entry.members);
          break;
        case 'left':
        case 'gap':
          given.delete(entry.group);
          members.delete(entry.group);
          break;
        default:
      }
    }
  }
  return found;
}
