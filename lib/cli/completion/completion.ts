/** `ssp completion`: prints the script that completes the words of `ssp` in a shell. */
import { Argument, type Command } from 'commander';
import { interruption, print } from '../failure.js';
import { exampleText } from '../text.js';
import { SHELLS, type Shell, completionScript } from './scripts.js';
import { wordsOf } from './words.js';

const examples = [
  'eval "$(ssp completion bash)"          # in ~/.bashrc',
  'eval "$(ssp completion zsh)"           # in ~/.zshrc, after compinit',
  'ssp completion fish | source           # in ~/.config/fish/config.fish',
];

export const completionCommand = (verb: Command): Command =>
  verb
    .addArgument(new Argument('<shell>', 'shell to complete for').choices([...SHELLS]))
    .addHelpText('after', exampleText(examples))
    .action(async (shell: Shell, _, command: Command) => {
      const script = completionScript(shell, wordsOf(command.parent ?? command));
      await print(script.trimEnd(), interruption(true));
    });
