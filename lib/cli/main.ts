#!/usr/bin/env node
/** `ssp`: the client on the command line. */
import { Command, CommanderError } from 'commander';
import { SspError } from '../errors.js';
import { TOOLKIT_VERSION } from '../wire/handshake/connect-request.js';
import { Failure, FAILED_STATUS, Interrupted, USAGE_STATUS } from './failure.js';
import { floodCommand } from './flood/flood.js';
import { groupsCommand } from './groups.js';
import { joinCommand } from './join.js';
import { membersCommand } from './members.js';
import { pingCommand } from './ping.js';
import { sendCommand } from './send.js';
import { statusCommand } from './status.js';
import { printable } from './text.js';
import { topCommand } from './top/top.js';
import { userCommand } from './user.js';

const { major, minor, patch } = TOOLKIT_VERSION;

const program = new Command('ssp')
  .description('Groups, messages and views of a daemon, from the command line.')
  .version(`${major}.${minor}.${patch}`, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [verb]', 'print the help of a verb')
  .addHelpText(
    'after',
    '\nExample:\n  ssp join room                  # in one terminal\n  ssp send room "good morning"   # in another',
  );

const talking = [joinCommand(), sendCommand(), userCommand(), pingCommand(), floodCommand()];
const watching = [statusCommand(), topCommand(), groupsCommand(), membersCommand()];
for (const command of [...talking, ...watching]) program.addCommand(command);

const say = (line: string): void => void process.stderr.write(`ssp: ${line}\n`);

/** Errors of usage on one line, with the way to the help. */
function strictly(command: Command): void {
  const help = command === program ? 'ssp --help' : `ssp ${command.name()} --help`;
  command.exitOverride().configureOutput({
    outputError: (text) =>
      say(
        `${text
          .trim()
          .replace(/^error: /, '')
          .replace(/\.$/, '')
          .replace(
            /\s*\n\((.+)\)$/,
            (_, hint: string) => `; ${hint[0]?.toLowerCase()}${hint.slice(1)}`,
          )} (${help})`,
      ),
  });
}

/** @returns the status to end with */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_STATUS;
  if (error instanceof Interrupted) return error.status;
  // An error of the library that no verb has better words for still says what happened.
  if (!(error instanceof Failure) && !(error instanceof SspError)) throw error;
  say(printable(error.message));
  return error instanceof Failure ? error.status : FAILED_STATUS;
}

// A reader that goes away is no error of ours; verbs that go on printing find out by themselves.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
for (const command of [program, ...program.commands]) strictly(command);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}
