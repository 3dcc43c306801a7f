/** The program `ssp`: its verbs, and what its help says. */
import { Command } from 'commander';
import { TOOLKIT_VERSION, versionText } from '../wire/version.js';
import { type Verb, verbNames, verbs } from './verbs.js';

/** @param whole names of the verbs that can be run, or whose own help is wanted; the others are only listed. Default: all */
export async function createProgram(whole: readonly string[] = verbNames): Promise<Command> {
  const program = new Command('ssp')
    .description('Groups, messages and views of a daemon, from the command line.')
    .version(versionText(TOOLKIT_VERSION), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [verb]', 'print the help of a verb')
    .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}`.trimEnd() })
    .addHelpText(
      'after',
      '\nExample:\n  ssp join room                  # in one terminal\n  ssp send room "good morning"   # in another',
    );
  for (const verb of verbs) program.addCommand(await commandOf(verb, whole.includes(verb.name)));
  return program;
}

async function commandOf({ name, takes, about, load }: Verb, isWhole: boolean): Promise<Command> {
  const command = new Command(name)
    .description(about)
    .usage(`[options] ${takes}`.trimEnd())
    .helpOption('-h, --help', 'print this help')
    .allowExcessArguments(false);
  return isWhole ? (await load())(command) : command;
}
