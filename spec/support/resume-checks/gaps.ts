/**
 * at most one gap a group and loss, also of a daemon that is lost before all has come, and then a full view that is true. A
 * reader that stays slow behind a gap may lose the ring once more.
 */
import type { Violation } from '../../../daemon/testing/checks/log.js';
import type { ResumeLogs } from './log.js';

const REQUESTS: ReadonlySet<string> = new Set(['send', 'join', 'leave']);
const MAY_LOSE: ReadonlySet<string> = new Set(['gap', 'ahead', 'unknown']);

export function gaps({ clients, daemons }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  const lists = new Map<string, string>();
  for (const { entries } of daemons) {
    for (const entry of entries)
      if (entry.kind === 'view' || entry.kind === 'found')
        lists.set(`${entry.group} ${entry.gid}`, entry.members.join());
  }
  for (const { client, entries } of clients) {
    const report = (text: string): void => {
      found.push({ property: 'R-3', text: `${client}: ${text}` });
    };
    /** Groups with a gap behind which no list has come, and those with a gap since the last loss. */
    const open = new Set<string>();
    const told = new Map<string, number>();
    /** Links since then that may have one: a daemon can be lost again before all that was missed has come. */
    let links = 0;
    for (const entry of entries) {
      if (entry.kind === 'linked' && MAY_LOSE.has(entry.verdict)) links++;
      if (entry.kind === 'lost') {
        told.clear();
        links = 0;
      }
      if (!('group' in entry) || REQUESTS.has(entry.kind)) continue;
      const { kind, group } = entry;
      if (kind === 'gap') {
        const count = 1 + (told.get(group) ?? 0);
        if (count > Math.max(1, links) && entry.reason !== 'overrun')
          report(`two gaps of ${group} after one loss`);
        if (open.has(group)) report(`two gaps of ${group} without a view between`);
        told.set(group, count);
        open.add(group);
      } else if (kind === 'list') {
        open.delete(group);
        const list = lists.get(`${group} ${entry.gid}`);
        if (list !== entry.members.join())
          report(`list ${entry.gid} of ${group} is ${entry.members.join()}, and not ${list ?? 'known'}`);
      } else if (open.has(group) && kind !== 'left') {
        report(`a ${kind} of ${group} behind a gap, before a list`);
      }
    }
  }
  return found;
}
