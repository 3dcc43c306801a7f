/** what the daemons have when everything has come to rest. */
import type { SimulatedDaemon } from '../daemon.js';
import type { Program } from './program.js';

export const GROUPS = ['red', 'green', 'blue'];

/** What is not there though it is wanted, or is left over. */
export function leftOver(daemons: readonly SimulatedDaemon[], programs: readonly Program[]): string[] {
  const found: string[] = [];
  const tables = new Set(daemons.map(tableOf));
  if (tables.size > 1) found.push(`R-14: tables differ: ${[...tables].join(' / ')}`);
  const sessions = daemons.reduce((sum, { server }) => sum + server.size, 0);
  if (sessions !== programs.length) found.push(`R-16: ${sessions} sessions of ${programs.length}`);
  for (const daemon of daemons) {
    found.push(...membersFaults(daemon, programs));
    const held = daemon.server.attachments.parking.size;
    if (held > 0) found.push(`R-16: ${daemon.name}: holds ${held} sessions`);
    const { ring } = daemon.core.record;
    if (ring && ring.bytes > ring.limits.bytes && ring.end - ring.first > 1)
      found.push(`R-16: ${daemon.name}: the ring has ${ring.bytes} bytes`);
  }
  return found;
}

function membersFaults({ name, core }: SimulatedDaemon, programs: readonly Program[]): string[] {
  const groups = new Map([...core.groups.values()].map((group) => [group.name, group]));
  return GROUPS.flatMap((group) => {
    const members = groups.get(group)?.members.toArray() ?? [];
    const has = sorted(members.map(({ privateGroup }) => privateGroup));
    const wanted = programs.filter(({ joined }) => joined.has(group));
    const wants = sorted(wanted.map(({ connection }) => connection.id));
    return has === wants ? [] : [`R-16: ${name}: ${group} has ${has}, wanted ${wants}`];
  });
}

const sorted = (words: readonly string[]): string => words.toSorted().join();

/** What a daemon knows of the sessions. */
const tableOf = ({ core }: SimulatedDaemon): string =>
  sorted(
    [...core.resumption.reported()].map(({ sid, last, attempt, home, name, aliases }) =>
      [sid.toString(16), last, attempt, home, name, ...aliases].join(' '),
    ),
  );
