#!/usr/bin/env node
/** `ssp`: the client on the command line. */
import { type Command, CommanderError } from 'commander';
import { Failure, FAILED_STATUS, Interrupted, USAGE_STATUS } from './failure.js';
import { createProgram } from './program.js';
import { printable } from './text.js';
import { verbsNamed } from './verbs.js';

const program = await createProgram(verbsNamed(process.argv.slice(2)));

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
async function explain(error: unknown): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_STATUS;
  if (error instanceof Interrupted) return error.status;
  if (error instanceof Failure) {
    say(printable(error.message));
    return error.status;
  }
  // An error of the library that no verb has better words for still says what happened. What threw it has loaded this.
  const { SspError } = await import('../index.js');
  if (!(error instanceof SspError)) throw error;
  say(printable(error.message));
  return FAILED_STATUS;
}

// A reader that goes away is no error of ours; verbs that go on printing find out by themselves.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
for (const command of [program, ...program.commands]) strictly(command);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = await explain(error);
}
