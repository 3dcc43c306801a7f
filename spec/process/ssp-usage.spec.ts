import { expect } from 'chai';
import { TOOLKIT_VERSION } from '../../lib/wire/version.js';
import { CommandLines } from '../support/command-lines.js';
import { Program } from '../support/program.js';

const ssp = (...args: readonly string[]): Program => Program.start('lib/cli/main.js', args);
const verbs = ['join', 'send', 'user', 'ping', 'flood'];

describe('process: the usage of ssp', () => {
  /** Runs all that are refused, or print a help. */
  let lines: CommandLines;

  before(() => {
    lines = new CommandLines();
  });
  after(() => lines[Symbol.asyncDispose]());

  for (const [args, message] of [
    [['shout'], "unknown command 'shout' (ssp --help)"],
    [['jion', 'room'], "unknown command 'jion'; did you mean join? (ssp --help)"],
    [['join'], "missing required argument 'group' (ssp join --help)"],
    [['join', '#a#b'], 'A group name has 1 to 31 characters'],
    [['join', 'room', '--count', '0'], 'a whole number of 1 and more'],
    [['join', 'room', '--name', 'elevenchars'], 'A name has 1 to 10 characters'],
    [['join', 'room', '--jsno'], "unknown option '--jsno'; did you mean --json? (ssp join --help)"],
    [['join', 'room', '--address', 'localhost'], 'did you mean "localhost:4803"?'],
    [['send'], "missing required argument 'group'"],
    [['send', '#a', 'x'], 'Expected an id #name#daemon'],
    [['send', 'room', 'hello', 'world'], 'too many arguments'],
    [['send', 'room', 'x', '--service', 'best'], 'Allowed choices are unreliable, reliable'],
    [['send', 'room', 'x', '--type', '32768'], 'from -32768 to 32767'],
    [['user', 'a b'], 'A name has 1 to 10 characters'],
    [['ping', '--interval', 'soon'], 'a time such as 5ms'],
    [['ping', '--size', '143921'], 'from 0 to 143920'],
    [['flood', '--messages', '3', '--seconds', '2'], 'cannot be used with'],
    [['flood', '--receivers', '0'], 'from 1 to 500'],
    [['lock', 'a'], "missing required argument 'command' (ssp lock --help)"],
    [['lock', 'a', '--timeout', '0', '--', 'true'], 'a time from 1ms to 24 days'],
    [['lock', 'a', '--max-members', '3', '--', 'true'], '--max-members requires --quorum'],
    [['lock', 'a', '--quorum', '2', '--max-members', '4', '--', 'true'], 'from 3 to 4 of 4, got 2'],
    [['lead', 'a', '--prefer', 'me', '--', 'true'], 'Allowed choices are oldest, first'],
    [['call', 'a', 'b', '--mode', 'most'], 'Allowed choices are first, majority, all'],
    [['map', 'put', 'a'], 'Allowed choices are get, set, watch'],
    [['map', 'set', 'a', 'key'], 'map set requires a group, a key and a value'],
    [['map', 'get', 'a', 'key', 'value'], 'map get takes a group and a key, got a value as well'],
    [['channels', '--timeout', '30d'], 'a time such as 5s'],
    [['init'], "missing required argument 'folder' (ssp init --help)"],
  ] as const) {
    it(`refuses "${args.join(' ')}"`, async () => {
      const { status, out, err } = await lines.run(args);
      expect([status, out]).to.deep.equal([2, '']);
      expect(err).to.match(/^ssp: [^\n]+ \(ssp( \w+)? --help\)\n$/);
      expect(err).to.include(message);
    });
  }

  it('refuses an environment variable that is no address', async () => {
    const { status, err } = await lines.run(['ping'], { SSP_ADDRESS: 'here' });
    expect(status).to.equal(2);
    expect(err).to.include("from env 'SSP_ADDRESS' is invalid");
  });

  for (const args of [['--help'], ...verbs.map((verb) => [verb, '--help']), ['help', 'flood']]) {
    it(`has an example in "${args.join(' ')}"`, async () => {
      const { status, out, err } = await lines.run(args);
      expect([status, err]).to.deep.equal([0, '']);
      expect(out)
        .to.match(/^Usage: ssp/)
        .and.to.match(/\nExample:\n {2}ssp /);
    });
  }

  it('names every verb in its help, which is printed when there is none', async () => {
    const { status, out, err } = await ssp().end();
    expect([status, out]).to.deep.equal([2, '']);
    for (const verb of verbs) expect(err).to.match(new RegExp(`^ {2}${verb} `, 'm'));
  });

  it('is the same in a process of its own', async () => {
    for (const args of [
      ['jion', 'room'],
      ['join', '--jsno', 'room'],
      ['ping', '--help'],
    ])
      expect(await ssp(...args).end()).to.deep.equal(await lines.run(args));
  });

  it('tells the version', async () => {
    const { major, minor, patch } = TOOLKIT_VERSION;
    expect(await ssp('--version').end()).to.deep.equal({
      status: 0,
      out: `${major}.${minor}.${patch}\n`,
      err: '',
    });
  });
});
