/** `ssp groups`: the groups that a daemon knows. */
import { type Command, Option } from 'commander';
import { interruption, print } from './failure.js';
import { type MonitorFlags, ask, monitorVerb } from './monitor/ask.js';
import { type GroupsPage, groupsPage } from './monitor/pages.js';
import { table } from './monitor/table.js';
import { printable } from './text.js';
import { plural } from './units.js';
import { integer, jsonOption } from './values.js';

/** What the monitor gives at most. */
const MOST = 10_000;

export const groupsCommand = (command: Command): Command =>
  monitorVerb(command, ['ssp groups', 'ssp groups --json'])
    .addOption(new Option('--limit <n>', 'groups to list').argParser(integer(1, MOST)).default(1_000))
    .addOption(jsonOption('one JSON object'))
    .action(async (flags: MonitorFlags & { readonly limit: number }) => {
      const stop = interruption(true);
      const page = await ask(`/groups?limit=${flags.limit}`, groupsPage, flags, stop);
      await print(flags.json === true ? JSON.stringify(page) : groupsText(page), stop);
    });

/** A table for people. */
export function groupsText({ total, groups }: GroupsPage): string {
  const rows = groups.map(({ name, members, local, id }) => [printable(name), members, local, printable(id)]);
  const left = total - groups.length;
  return [
    ...table(['group', 'members', 'of this daemon', 'id'], rows),
    ...(left > 0 ? [`and ${plural(left, 'group')} more`] : []),
  ].join('\n');
}
