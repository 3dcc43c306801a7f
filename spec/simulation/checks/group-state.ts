/**
 * What must be true of a settled world: all daemons hold the same groups, the last views of the members are those
 * groups, everybody listed has a session, every session has its name, and nothing is held back anywhere.
 */
import type { SessionLog, Violation, ViewEntry } from '../../../daemon/testing/checks/log.js';
import type { SimulatedDaemon } from '../daemon.js';
import { groupIdText } from '../../../lib/wire/group-id.js';
import { groupTable } from './group-table.js';

/** @param mayBeDamaged whether daemons sent what makes no sense */
export function groupState(
  daemons: readonly SimulatedDaemon[],
  logs: readonly SessionLog[],
  mayBeDamaged: boolean,
): Violation[] {
  return [
    ...sameTables(daemons),
    ...lastViews(daemons, logs),
    ...lastRequests(daemons, logs),
    ...memberOrder(daemons),
    ...leaks(daemons, logs, mayBeDamaged),
  ];
}

function sameTables(daemons: readonly SimulatedDaemon[]): Violation[] {
  const [first] = daemons;
  const expected = first ? groupTable(first.core) : '';
  return daemons
    .filter(({ core }) => groupTable(core) !== expected)
    .map(({ name, core }) => ({
      property: 'groups',
      text: `at the end ${first?.name} has ${expected}; ${name} has ${groupTable(core)}`,
    }));
}

/** Each open session with membership messages has seen exactly the groups it is in, as they are. */
function lastViews(daemons: readonly SimulatedDaemon[], logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  const groups = [...(daemons[0]?.core.groups.values() ?? [])];
  for (const log of logs) {
    if (log.end !== 'open' || !log.membership) continue;
    const views = viewsOf(log);
    for (const { name, id, members } of groups) {
      const names = members.toArray().map(({ privateGroup }) => privateGroup);
      const view = views.get(name);
      views.delete(name);
      if (!names.includes(log.privateGroup)) {
        if (view) found.push(violation(log, `is not in ${name} and believes it is`));
        continue;
      }
      const seen = view ? `${view.gid} ${view.members.join()}` : 'nothing';
      const is = `${groupIdText(id)} ${names.join()}`;
      if (seen !== is) found.push(violation(log, `sees ${name} as ${seen}, it is ${is}`));
    }
    for (const name of views.keys()) found.push(violation(log, `is not in ${name} and believes it is`));
  }
  return found;
}

/** Each open session is in the groups that it asked for last, and in no other. */
function lastRequests(daemons: readonly SimulatedDaemon[], logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  const groups = [...(daemons[0]?.core.groups.values() ?? [])];
  for (const log of logs) {
    if (log.end !== 'open') continue;
    const asked = new Set<string>();
    for (const entry of log.entries) {
      if (entry.kind === 'join') asked.add(entry.group ?? '');
      else if (entry.kind === 'leave') asked.delete(entry.group ?? '');
    }
    const isIn = groups
      .filter(({ members }) =>
        members.toArray().some(({ privateGroup }) => privateGroup === log.privateGroup),
      )
      .map(({ name }) => name);
    const expected = [...asked].toSorted().join();
    const are = isIn.toSorted().join();
    if (are !== expected)
      found.push(violation(log, `asked for ${expected || 'nothing'}, is in ${are || 'nothing'}`));
  }
  return found;
}

/** By daemon, then by name [daemon 2.3]. */
function memberOrder(daemons: readonly SimulatedDaemon[]): Violation[] {
  const found: Violation[] = [];
  for (const group of daemons[0]?.core.groups.values() ?? []) {
    const names = group.members.toArray().map(({ privateGroup }) => privateGroup);
    const keys = names.map((name) => `${name.slice(name.indexOf('#', 1))} ${name}`);
    if (keys.some((key, i) => i > 0 && key < (keys[i - 1] as string))) {
      found.push({ property: 'groups', text: `${group.name} lists ${names.join()} in this order` });
    }
  }
  return found;
}

const violation = ({ session }: SessionLog, text: string): Violation => ({
  property: 'groups',
  text: `${session} ${text}`,
});

function viewsOf({ entries }: SessionLog): Map<string, ViewEntry> {
  const views = new Map<string, ViewEntry>();
  for (const entry of entries) {
    if (entry.kind === 'view') views.set(entry.group, entry);
    else if (entry.kind === 'self-leave') views.delete(entry.group);
  }
  return views;
}

function leaks(
  daemons: readonly SimulatedDaemon[],
  logs: readonly SessionLog[],
  mayBeDamaged: boolean,
): Violation[] {
  const found: Violation[] = [];
  const leak = (text: string): void => void found.push({ property: 'leaks', text });
  const open = logs.filter(({ end }) => end === 'open');
  const living = new Set(open.map(({ privateGroup }) => privateGroup));
  for (const { name, core, server, engine } of daemons) {
    const own = open.filter(({ daemon }) => daemon === name).length;
    if (core.roster.size !== own) leak(`${name} has ${core.roster.size} names for ${own} sessions`);
    if (server.size !== own) leak(`${name} has ${server.size} connections for ${own} sessions`);
    if (server.waitingBytes > 0) leak(`${name} has ${server.waitingBytes} bytes waiting`);
    if (engine.stats().queuedBytes > 0) leak(`${name} has ${engine.stats().queuedBytes} bytes queued`);
    if (core.counters.damaged > 0 && !mayBeDamaged)
      leak(`${name} met ${core.counters.damaged} damaged payloads`);
    for (const group of core.groups.values()) {
      if (group.members.length === 0) leak(`${name} has ${group.name} without members`);
      for (const member of group.members) {
        if (!living.has(member.privateGroup)) leak(`${name} lists ${member.privateGroup}, which is gone`);
        const isLocal = member.privateGroup.endsWith(`#${name}`);
        if (isLocal !== (member.session !== null))
          leak(`${name} has ${member.privateGroup} on the wrong side`);
      }
      const local = group.members.toArray().filter(({ session }) => session !== null).length;
      if (group.local.length !== local)
        leak(`${name} delivers ${group.name} to ${group.local.length} of ${local}`);
    }
    for (const session of server.values()) {
      if (session.heldBy.length > 0) leak(`${name} does not read ${session.name}: ${session.heldBy.join()}`);
    }
  }
  return found;
}
