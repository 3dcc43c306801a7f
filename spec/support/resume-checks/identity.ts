/** one client is one member, at one place. */
import type { Violation } from '../../../daemon/testing/checks/log.js';
import { type LinkedEntry, namesOf, type ResumeLogs } from './log.js';

/** no view has two names of one client. */
export function oneName({ clients, daemons }: ResumeLogs): Violation[] {
  const found = new Set<string>();
  const owner = new Map<string, string>();
  // A daemon that starts again may make a name up once more: it says nothing then.
  const shared = new Set<string>();
  for (const client of clients)
    for (const name of namesOf(client)) {
      if ((owner.get(name) ?? client.client) !== client.client) shared.add(name);
      owner.set(name, client.client);
    }
  for (const name of shared) owner.delete(name);
  for (const { entries } of [...daemons, ...clients]) {
    for (const entry of entries) {
      if (entry.kind !== 'view' && entry.kind !== 'list') continue;
      const owners = entry.members.flatMap((name) => owner.get(name) ?? []);
      const twice = owners.find((name, i) => owners.indexOf(name) !== i);
      if (twice !== undefined) found.add(`view ${entry.gid} of ${entry.group} has two names of ${twice}`);
    }
  }
  return [...found].map((text) => ({ property: 'R-9', text }));
}

/**
 * who takes its session over is a member all the time: nobody sees it disconnected between loss and return, if it was
 * not back in another way in between: at another daemon, or at this one after it had been held for long enough.
 */
export function unnoticed({ clients, daemons }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  const logs = new Map(daemons.map((log) => [log.daemon, log]));
  for (const { client, entries } of clients) {
    let lostAt = 0;
    let home = '';
    let hasMoved = false;
    let taken: LinkedEntry | null = null;
    for (const entry of entries) {
      if (entry.kind === 'linked') {
        hasMoved ||= entry.daemon !== home || entry.verdict !== 'here';
        taken = entry.verdict === 'here' && !hasMoved ? entry : null;
        home = entry.daemon;
      } else if (entry.kind === 'lost') {
        lostAt = entry.at;
        hasMoved = false;
        taken = null;
      } else if (entry.kind === 'resumed' && taken) {
        const { name, daemon } = taken;
        const seen = (logs.get(daemon)?.entries ?? []).slice(lostAt, entry.at);
        for (const each of seen)
          if (each.kind === 'view' && each.cause === 'disconnect' && each.changed === name)
            found.push({ property: 'R-10', text: `${client} is disconnected in ${each.group}` });
      }
    }
  }
  return found;
}

/** A client without groups is not told of a gap. */
const MAY_LOSE: ReadonlySet<string> = new Set(['gap', 'ahead']);

/** a private message comes to one session, once; behind a gap it may come again. */
export function privateOnce({ clients }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  const first = new Map<string, string>();
  for (const { client, entries } of clients) {
    let hasGap = false;
    for (const entry of entries) {
      hasGap ||= entry.kind === 'gap' || (entry.kind === 'linked' && MAY_LOSE.has(entry.verdict));
      if (entry.kind !== 'private') continue;
      const before = first.get(entry.id);
      if (before !== undefined && !(hasGap && before === client))
        found.push({ property: 'R-13', text: `${client} gets ${entry.id}, which came to ${before}` });
      first.set(entry.id, client);
    }
  }
  return found;
}

/** the link with the highest attempt is never ended because of another one. */
export function newestStays({ clients }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  for (const { client, entries } of clients) {
    let highest = -1;
    for (const entry of entries) {
      if (entry.kind === 'linked') highest = Math.max(highest, entry.attempt);
      else if (entry.kind === 'end' && entry.attempt >= highest)
        found.push({ property: 'R-18', text: `${client}: END to attempt ${entry.attempt}, the newest` });
    }
  }
  return found;
}
