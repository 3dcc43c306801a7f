/** `ssp join`: prints what arrives. */
import type { Command } from 'commander';
import type { Connection, Group } from '../index.js';
import { eventJson, eventLine } from './event-lines.js';
import { interruption, print } from './failure.js';
import { type Access, withConnection } from './session.js';
import { groups, integer, jsonOption, nameOption, verb } from './values.js';

interface Flags extends Access {
  readonly json?: boolean;
  readonly count?: number;
}

export const joinCommand = (): Command =>
  verb('join', 'Join groups and print their messages and views.', [
    'ssp join room lobby',
    'ssp join room --json --count 1        # waits for one message',
  ])
    .argument('<group...>', 'groups to join', groups)
    .addOption(nameOption())
    .addOption(jsonOption('one JSON object per line'))
    .option(
      '-c, --count <n>',
      'end after this many messages (default: continue until interrupted)',
      integer(1),
    )
    .action(async (names: string[], flags: Flags) => {
      const stop = interruption(false);
      await withConnection(flags, stop, (connection) => follow(connection, names, flags, stop));
    });

async function follow(
  connection: Connection,
  names: readonly string[],
  flags: Flags,
  stop: AbortSignal,
): Promise<void> {
  // The loop begins before the joins, so that it has what they bring.
  const reading = read(connection, flags, stop);
  await Promise.all([reading, ...names.map((name) => joinUnread(connection, name))]);
}

async function read(
  connection: Connection,
  { json = false, count = Infinity }: Flags,
  stop: AbortSignal,
): Promise<void> {
  const me = connection.id;
  let messages = 0;
  for await (const event of connection) {
    const time = new Date();
    await print(json ? eventJson(event, time, me) : eventLine(event, time, { me }), stop);
    if (event.kind === 'data' && ++messages >= count) return;
  }
}

/** Joins a group whose events are read from the connection: one that nobody reads would stand in the way. */
export async function joinUnread(connection: Connection, name: string): Promise<Group> {
  const group = await connection.join(name);
  group.on('event', () => undefined);
  return group;
}
