/** Scripts that complete the words of a program in three shells. */
import type { OptionWords, ProgramWords, VerbWords } from './words.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The text of a script, with the line end behind it. */
export const completionScript = (shell: Shell, words: ProgramWords): string => scripts[shell](words);

/** In single quotes, for any of the shells but fish. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** For bash, from 3.2 on. */
function bash({ name, options, verbs }: ProgramWords): string {
  const own = { name: '', description: '', options, choices: verbs.map((verb) => verb.name) };
  const values = verbs.flatMap((verb) => verb.options.flatMap((option) => bashValue(verb, option)));
  return `# bash completion of ${name}. In ~/.bashrc: eval "$(${name} completion bash)"
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} verb= words= i
  COMPREPLY=()
  # bash takes --option=value for three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then
      verb=\${COMP_WORDS[i]}
      break
    fi
  done
  case "$verb $previous" in
${values.join('\n')}
  esac
  case $verb in
${[own, ...verbs].map(bashVerb).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _${name} ${name}
`;
}

function bashValue({ name }: VerbWords, { flags, value }: OptionWords): string[] {
  if (value === null) return [];
  const pattern = flags.map((flag) => quoted(`${name} ${flag}`)).join(' | ');
  const any = value.isFile
    ? 'compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -f -- "$current")); '
    : '';
  const given = `COMPREPLY=($(compgen -W ${quoted(value.choices.join(' '))} -- "$current")); `;
  return [`    ${pattern}) ${value.choices.length > 0 ? given : any}return ;;`];
}

const bashVerb = ({ name, options, choices }: VerbWords): string =>
  `    ${quoted(name)}) words=${quoted([...choices, ...options.flatMap(({ flags }) => flags)].join(' '))} ;;`;

/** What the functions of zsh take for a separator. */
const escaped = (text: string): string => text.replace(/[\\:[\]]/g, String.raw`\$&`);

function zsh({ name, options, verbs }: ProgramWords): string {
  const described = verbs.map((verb) => `    ${quoted(`${verb.name}:${escaped(verb.description)}`)}`);
  return `#compdef ${name}
# zsh completion of ${name}. In ~/.zshrc, after compinit: eval "$(${name} completion zsh)"
_${name}() {
  local curcontext="$curcontext" state line
  local -a verbs
  verbs=(
${described.join('\n')}
  )
  _arguments -C \\
${options.map((option) => `    ${zshOption(option)} \\`).join('\n')}
    '1:verb:->verb' '*::argument:->arguments'
  case $state in
    verb) _describe verb verbs ;;
    arguments)
      case $line[1] in
${verbs.map(zshVerb).join('\n')}
      esac
      ;;
  esac
}
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function zshVerb({ name, options, choices }: VerbWords): string {
  const argument = choices.length > 0 ? `'1:argument:(${choices.join(' ')})'` : "'*:argument:'";
  return `        ${name})
          _arguments \\
${options.map((option) => `            ${zshOption(option)} \\`).join('\n')}
            ${argument}
          ;;`;
}

function zshOption({ flags, description, value }: OptionWords): string {
  const text = `[${escaped(description)}]${value === null ? '' : `:${escaped(value.name)}:${zshValue(value)}`}`;
  const forms = flags.map((flag) => (value === null ? flag : `${flag}${flag.startsWith('--') ? '=' : '+'}`));
  if (forms.length === 1) return quoted(`${forms[0]}${text}`);
  return `'(${flags.join(' ')})'{${forms.join(',')}}${quoted(text)}`;
}

function zshValue({ choices, isFile }: NonNullable<OptionWords['value']>): string {
  if (isFile) return '_files';
  return choices.length > 0 ? `(${choices.join(' ')})` : '';
}

/** In single quotes for fish, which knows a backslash in them. */
const fishQuoted = (text: string): string => `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;

function fish({ name, options, verbs }: ProgramWords): string {
  const isVerb = `__${name}_verb_is`;
  const lines = [
    ...options.map((option) => fishOption(name, `${isVerb} ''`, option)),
    ...verbs.map((verb) => {
      const text = `-a ${fishQuoted(verb.name)} -d ${fishQuoted(verb.description)}`;
      return `complete -c ${name} -n ${fishQuoted(`${isVerb} ''`)} ${text}`;
    }),
    ...verbs.flatMap((verb) => fishVerb(name, `${isVerb} ${verb.name}`, verb)),
  ];
  return `# fish completion of ${name}. In ~/.config/fish/config.fish: ${name} completion fish | source
function ${isVerb}
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        if not string match -q -- '-*' $word
            test $word = $argv[1]
            return
        end
    end
    test -z $argv[1]
end
complete -c ${name} -f
${lines.join('\n')}
`;
}

const fishVerb = (name: string, condition: string, { options, choices }: VerbWords): string[] => [
  ...options.map((option) => fishOption(name, condition, option)),
  ...(choices.length > 0
    ? [`complete -c ${name} -n ${fishQuoted(condition)} -a ${fishQuoted(choices.join(' '))}`]
    : []),
];

function fishOption(name: string, condition: string, { flags, description, value }: OptionWords): string {
  const words = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const takes = value === null ? [] : [value.isFile ? '-r -F' : '-x'];
  const given =
    value === null || value.choices.length === 0 ? [] : [`-a ${fishQuoted(value.choices.join(' '))}`];
  const about = `-d ${fishQuoted(description)}`;
  return [`complete -c ${name} -n ${fishQuoted(condition)}`, ...words, ...takes, ...given, about].join(' ');
}

const scripts: Readonly<Record<Shell, (words: ProgramWords) => string>> = { bash, zsh, fish };
