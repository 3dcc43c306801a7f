/** What can stand on the command line, taken from the tree of commands: so that no script has a list of its own. */
import type { Command, Option } from 'commander';

export interface OptionWords {
  /** `-s` and `--sort`, as far as there are both. */
  readonly flags: readonly string[];
  readonly description: string;
  /** What comes behind it; null for nothing. */
  readonly value: Value | null;
}

export interface Value {
  /** `column` */
  readonly name: string;
  /** Empty for any text. */
  readonly choices: readonly string[];
  readonly isFile: boolean;
}

export interface VerbWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  /** What the first argument can be; empty for any text. */
  readonly choices: readonly string[];
}

export interface ProgramWords {
  readonly name: string;
  readonly options: readonly OptionWords[];
  readonly verbs: readonly VerbWords[];
}

export function wordsOf(program: Command): ProgramWords {
  const commands = program.createHelp().visibleCommands(program);
  const names = commands.map((command) => command.name());
  const verbs = commands.map((command) => {
    const name = command.name();
    const choices = name === 'help' ? names : (command.registeredArguments[0]?.argChoices ?? []);
    return { name, description: sentence(command.description()), options: optionsOf(command), choices };
  });
  return { name: program.name(), options: optionsOf(program), verbs };
}

const optionsOf = (command: Command): OptionWords[] =>
  command.createHelp().visibleOptions(command).map(optionWords);

function optionWords({ short, long, description, flags, argChoices }: Option): OptionWords {
  const name = /[<[](.+?)(?:\.\.\.)?[>\]]/.exec(flags)?.[1];
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    description: sentence(description),
    value: name === undefined ? null : { name, choices: argChoices ?? [], isFile: name === 'file' },
  };
}

/** A menu has room for one sentence. */
const sentence = (text: string): string => /^.*?[^.](?=\. |\.?$)/s.exec(text)?.[0] ?? text;
