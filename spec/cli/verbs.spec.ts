/** The list of verbs, which the help is made of before any verb is loaded. */
import { expect } from 'chai';
import type { Argument } from 'commander';
import { createProgram } from '../../lib/cli/program.js';
import { verbNames, verbs, verbsNamed } from '../../lib/cli/verbs.js';

const whole = await createProgram();

const written = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

describe('command: verbs', () => {
  for (const { name, takes } of verbs) {
    it(`${name} takes what the list says`, () => {
      const command = whole.commands.find((each) => each.name() === name);
      expect(command?.registeredArguments.map(written).join(' ')).to.equal(takes);
    });
  }

  it('are listed the same whether they are loaded or not', async () => {
    const help = whole.helpInformation();
    expect((await createProgram([])).helpInformation()).to.equal(help);
    expect(help)
      .to.match(/^ {2}map \[options\] <action> <group> \[key\] \[value\] /m)
      .and.match(/^ {2}help \[verb\] /m);
  });

  it('have options and actions only where they are wanted', async () => {
    const { commands } = await createProgram(['ping']);
    const withOptions = commands.filter(({ options }) => options.length > 0).map((each) => each.name());
    expect(withOptions).to.deep.equal(['ping']);
  });

  for (const [args, named] of [
    [[], ['']],
    [['--help'], ['']],
    [['ping'], ['ping']],
    [['ping', '--help'], ['ping']],
    [['--help', 'ping'], ['ping']],
    [['help', 'ping'], ['ping']],
    [['help'], ['']],
    [['pong', 'ping'], ['pong']],
    [['completion', 'bash'], verbNames],
  ] as const) {
    it(`that "${['ssp', ...args].join(' ')}" needs are ${named.length > 1 ? 'all' : `"${named[0]}"`}`, () => {
      expect(verbsNamed(args)).to.deep.equal(named);
    });
  }
});
