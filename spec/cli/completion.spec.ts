/** The scripts of `ssp completion`, run by the shells that they are for, as far as this machine has them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { Argument, Command, Option } from 'commander';
import { expect } from 'chai';
import { SHELLS, completionScript } from '../../lib/cli/completion/scripts.js';
import { wordsOf } from '../../lib/cli/completion/words.js';
import { createProgram } from '../../lib/cli/program.js';
import { skip } from '../support/skip.js';
import { TemporaryDirectory } from '../support/temporary.js';

const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;
const words = wordsOf(await createProgram());
const verbs = words.verbs.map(({ name }) => name);

/** A line up to the cursor, and what may stand there; the line as bash cuts it. */
const cases: readonly (readonly [line: readonly string[], expected: readonly string[]])[] = [
  [['jo'], ['join']],
  [[''], [...verbs, '-V', '--version', '-h', '--help']],
  [['--v'], ['--version']],
  [['top', '--so'], ['--sort']],
  [
    ['top', ''],
    ['sessions', 'groups', 'daemons', ...optionsOf('top')],
  ],
  [
    ['top', '--sort', ''],
    ['waiting', 'in', 'out', 'name', 'members', 'local'],
  ],
  [['top', '-s', 'w'], ['waiting']],
  [
    ['top', '--sort', '='],
    ['waiting', 'in', 'out', 'name', 'members', 'local'],
  ],
  [['top', '--sort', '=', 'w'], ['waiting']],
  [['top', '--interval', ''], []],
  [['join', 'room', '--j'], ['--json']],
  [['send', '--service', 'sa'], ['safe']],
  [['help', 'fl'], ['flood']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish', '-h', '--help'],
  ],
  [['join', 'room', 't'], []],
  [['nothing', ''], []],
];

function optionsOf(verb: string): readonly string[] {
  return words.verbs.find(({ name }) => name === verb)?.options.flatMap(({ flags }) => flags) ?? [];
}

describe('command: completion', () => {
  for (const shell of SHELLS) {
    it(`for ${shell} knows every verb and every long option`, () => {
      const script = completionScript(shell, words);
      for (const { name, options } of words.verbs) {
        expect(script).to.include(name);
        for (const flag of options.flatMap(({ flags }) => flags.filter((each) => each.startsWith('--')))) {
          expect(script, `${name} ${flag}`).to.match(new RegExp(String.raw`(--|-l )${flag.slice(2)}\b`));
        }
      }
    });
  }

  it('follows the commands: a new verb needs no list of its own', () => {
    const program = new Command('made').addCommand(
      new Command('up')
        .description('One sentence, e.g. this. And another.')
        .addArgument(new Argument('[how]').choices(['slow', 'fast']))
        .addOption(new Option('--file <file>', 'a file'))
        .addOption(new Option('--hidden', 'not for everybody').hideHelp()),
    );
    const [up] = wordsOf(program).verbs;
    expect(up).to.deep.include({ name: 'up', choices: ['slow', 'fast'] });
    expect(up?.options.map(({ flags, value }) => [flags, value])).to.deep.equal([
      [['--file'], { name: 'file', choices: [], isFile: true }],
      [['-h', '--help'], null],
    ]);
  });

  describe('in bash', () => {
    let answers: string[];

    before(function () {
      if (!isThere('bash')) skip(this, 'bash is not installed');
      const asked = cases.map(([line]) => {
        const quoted = ['ssp', ...line].map((word) => `'${word}'`).join(' ');
        return `COMP_WORDS=(${quoted}); COMP_CWORD=${line.length}; _ssp; echo "\${COMPREPLY[*]}"`;
      });
      const input = `${completionScript('bash', words)}\n${asked.join('\n')}\n`;
      answers = execFileSync('bash', ['--norc'], { input, encoding: 'utf8' }).split('\n');
    });

    for (const [place, [line, expected]] of cases.entries()) {
      it(`completes "ssp ${line.join(' ')}"`, () => {
        expect(answers[place]?.split(' ').filter((word) => word !== '')).to.deep.equal(expected);
      });
    }

    it('completes the names of files', async () => {
      await using directory = await TemporaryDirectory.make();
      await writeFile(directory.file('ca.pem'), '');
      const input = `${completionScript('bash', words)}
COMP_WORDS=(ssp join --ca "$1/"); COMP_CWORD=3; _ssp; echo "\${COMPREPLY[*]}"`;
      const args = ['--norc', '-s', directory.path];
      expect(execFileSync('bash', args, { input, encoding: 'utf8' })).to.equal(
        `${directory.file('ca.pem')}\n`,
      );
    });
  });

  it('is a script that zsh can read', async function () {
    if (!isThere('zsh')) skip(this, 'zsh is not installed');
    execFileSync('zsh', ['-n', '-c', completionScript('zsh', words)]);
  });

  it('completes in fish', async function () {
    if (!isThere('fish')) skip(this, 'fish is not installed');
    const input = `${completionScript('fish', words)}\ncomplete -C 'ssp top -s '\ncomplete -C 'ssp fl'\n`;
    const lines = execFileSync('fish', ['--no-config', '-c', input], { encoding: 'utf8' }).trim().split('\n');
    expect(lines.map((line) => line.split('\t')[0])).to.deep.equal([
      'in',
      'local',
      'members',
      'name',
      'out',
      'waiting',
      'flood',
    ]);
  });
});
