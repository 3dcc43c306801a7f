/** `ssp join`: prints what arrives. */
import type { Command } from 'commander';
import type { Connection, Group, SecureOptions } from '../index.js';
import { eventJson, eventLine, gapLine, movedLine, reconnectingLine, resumedLine } from './event-lines.js';
import { interruption, print } from './failure.js';
import { checkSecureFlags, type SecureFlags, secureFlagOptions, secureOf } from './secure-flags.js';
import { type Access, withConnection } from './session.js';
import { groups, integer, jsonOption, nameOption, verb } from './values.js';

interface Flags extends Access, SecureFlags {
  readonly json?: boolean;
  readonly count?: number;
}

export const joinCommand = (command: Command): Command => {
  verb(command, [
    'ssp join room lobby',
    'ssp join room --json --count 1        # waits for one message',
    'ssp join room --address a:4803,b:4803 # continues at the other one',
    'ssp join vault --secure --identity ann.pem --allow keys.txt',
  ])
    .argument('<group...>', 'groups to join', groups)
    .hook('preAction', checkSecureFlags)
    .addOption(nameOption())
    .addOption(jsonOption('one JSON object per line'))
    .option(
      '-c, --count <n>',
      'end after this many messages (default: continue until interrupted)',
      integer(1),
    )
    .action(async (names: string[], flags: Flags) => {
      const stop = interruption(false);
      // A member of a secure group cannot come back.
      const after = flags.secure ? 'ends' : 'comes-back';
      await withConnection(flags, stop, (connection) => follow(connection, names, flags, stop), after);
    });
  for (const option of secureFlagOptions()) command.addOption(option);
  return command;
};

async function follow(
  connection: Connection,
  names: readonly string[],
  flags: Flags,
  stop: AbortSignal,
): Promise<void> {
  // The loop begins before the joins, so that it has what they bring.
  const reading = read(connection, flags, stop);
  await Promise.all([reading, ...names.map((name) => joinUnread(connection, name, secureOf(flags)))]);
}

async function read(
  connection: Connection,
  { json = false, count = Infinity }: Flags,
  stop: AbortSignal,
): Promise<void> {
  connection.on('reconnecting', (event) => void print(reconnectingLine(event, new Date(), json), stop));
  connection.on('moved', (event) => void print(movedLine(event, new Date(), json), stop));
  connection.on('resumed', (event) => void print(resumedLine(event, new Date(), json), stop));
  let messages = 0;
  for await (const event of connection) {
    const time = new Date();
    const me = connection.id;
    if (json) await print(eventJson(event, time, me), stop);
    else await print(event.kind === 'gap' ? gapLine(event) : eventLine(event, time, { me }), stop);
    if (event.kind === 'data' && ++messages >= count) return;
  }
}

/** Joins a group whose events are read from the connection: one that nobody reads would stand in the way. */
export async function joinUnread(
  connection: Connection,
  name: string,
  secure: SecureOptions | null = null,
): Promise<Group> {
  const group = await connection.join(name, secure ? { secure } : {});
  group.on('event', () => undefined);
  return group;
}
