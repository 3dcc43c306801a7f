/** `ssp completion`: prints the script that completes the words of `ssp` in a shell. */
import { Argument, Command } from 'commander';
import { interruption, print } from '../failure.js';
import { SHELLS, type Shell, completionScript } from './scripts.js';
import { wordsOf } from './words.js';

const examples = [
  'eval "$(ssp completion bash)"          # in ~/.bashrc',
  'eval "$(ssp completion zsh)"           # in ~/.zshrc, after compinit',
  'ssp completion fish | source           # in ~/.config/fish/config.fish',
];

export const completionCommand = (): Command =>
  new Command('completion')
    .description('Print a script that completes verbs, options and their values in a shell.')
    .addArgument(new Argument('<shell>', 'shell to complete for').choices([...SHELLS]))
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', `\nExample:\n${examples.map((line) => `  ${line}`).join('\n')}`)
    .allowExcessArguments(false)
    .action(async (shell: Shell, _, command: Command) => {
      const script = completionScript(shell, wordsOf(command.parent ?? command));
      await print(script.trimEnd(), interruption(true));
    });
