/** `ssp user`: join, send and look by hand, line by line; also from a pipe, for scripts. */
import type { Command } from 'commander';
import type { Connection } from '../group/connection.js';
import { printable } from './text.js';
import { interruption } from './interruption.js';
import { Failure } from './failure.js';
import { type Access, withConnection } from './session.js';
import { Screen } from './screen.js';
import { plural } from './units.js';
import { UserSession } from './user-session.js';
import { privateName } from './values.js';
import { verb } from './verb.js';

export const userCommand = (): Command =>
  verb('user', 'Talk by hand: join groups, send, see what arrives. "?" lists the commands.', [
    'ssp user anna',
    "printf 'j room\\ns room hello\\n' | ssp user anna",
  ])
    .argument('[name]', 'private name, 1 to 10 characters (default: the daemon makes one up)', privateName)
    .action(async (name: string | undefined, flags: Access) => {
      const stop = interruption(false);
      const access = { ...flags, ...(name !== undefined && { name }) };
      await withConnection(access, stop, (connection) => talk(connection, access, stop));
    });

async function talk(connection: Connection, { address }: Access, stop: AbortSignal): Promise<void> {
  const screen = new Screen('ssp> ');
  const end = (): void => screen.close();
  stop.addEventListener('abort', end, { once: true });
  connection.once('close', end);
  try {
    const session = new UserSession(connection, (line) => screen.print(line));
    screen.print(`connected to ${address} as ${printable(connection.privateName)}; ? lists the commands`);
    const failed = await runLines(session, screen);
    await session.settle();
    const all = failed + session.refusals;
    if (all > 0 && !screen.isTerminal) throw new Failure(`${plural(all, 'command')} failed`);
  } finally {
    end();
  }
}

/** @returns how many lines could not be carried out */
async function runLines(session: UserSession, screen: Screen): Promise<number> {
  let failed = 0;
  for await (const line of screen.lines()) {
    if (!(await session.run(line))) failed++;
    if (session.quitting) break;
  }
  return failed;
}
