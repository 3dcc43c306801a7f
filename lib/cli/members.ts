/** `ssp members`: who is in a group. */
import type { Command } from 'commander';
import { Failure, interruption, print } from './failure.js';
import { type MonitorFlags, UnknownToMonitor, ask, monitorVerb } from './monitor/ask.js';
import { membersPage } from './monitor/pages.js';
import { printable } from './text.js';
import { group as groupName, jsonOption } from './values.js';

export const membersCommand = (command: Command): Command =>
  monitorVerb(command, ['ssp members room', 'ssp members room | head -1            # the leader'])
    .argument('<group>', 'group to look at', groupName)
    .addOption(jsonOption('one JSON object'))
    .action(async (group: string, flags: MonitorFlags) => {
      const stop = interruption(true);
      const page = await read(group, flags, stop);
      await print(flags.json === true ? JSON.stringify(page) : page.members.map(printable).join('\n'), stop);
    });

async function read(group: string, flags: MonitorFlags, stop: AbortSignal): Promise<{ members: string[] }> {
  try {
    return await ask(`/groups/${encodeURIComponent(group)}`, membersPage, flags, stop);
  } catch (error) {
    throw error instanceof UnknownToMonitor
      ? new Failure(`no such group: "${group}"`, undefined, { cause: error })
      : error;
  }
}
