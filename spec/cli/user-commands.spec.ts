import { expect } from 'chai';
import { carryOut, CommandError, helpLines, type UserActions } from '../../lib/cli/user-commands.js';
import { IllegalGroupError } from '../../lib/errors.js';

/** What a line asked for. */
async function asked(line: string): Promise<unknown[]> {
  const calls: unknown[] = [];
  const note =
    (name: string) =>
    (...args: unknown[]): Promise<void> => {
      calls.push(name, ...args);
      return Promise.resolve();
    };
  const names = ['join', 'leave', 'send', 'private', 'burst', 'members', 'help', 'quit'];
  const actions = Object.fromEntries(names.map((name) => [name, note(name)]));
  await carryOut(line, actions as unknown as UserActions);
  return calls;
}

/** What is wrong with a line. */
const wrong = (line: string): Promise<Error> =>
  asked(line).then(
    () => expect.fail(`${line} was carried out`),
    (error: Error) => error,
  );

describe('command: a line of ssp user', () => {
  for (const [line, ...calls] of [
    ['j room', 'join', 'room'],
    ['  join   room  ', 'join', 'room'],
    ['l room', 'leave', 'room'],
    ['s room hello', 'send', 'room', 'hello'],
    ['send room  two  blanks ', 'send', 'room', ' two  blanks '],
    ['p anna hi there', 'private', 'anna', 'hi there'],
    ['p #anna#host hi', 'private', '#anna#host', 'hi'],
    ['b room 10 100', 'burst', 'room', 10, 100],
    ['m', 'members'],
    ['?', 'help'],
    ['help', 'help'],
    ['q', 'quit'],
    ['quit', 'quit'],
  ] as const) {
    it(`can be ${JSON.stringify(line)}`, async () => {
      expect(await asked(line)).to.deep.equal(calls);
    });
  }

  for (const [line, message] of [
    ['x', 'no command "x"; ? lists the commands'],
    ['jo room', 'no command "jo"'],
    ['j', 'usage: j group'],
    ['j a b', 'usage: j group'],
    ['s room', 'usage: s group text...'],
    ['s', 'usage: s group text...'],
    ['q now', 'usage: q'],
    ['b room 1', 'usage: b group count size'],
    ['b room x 1', 'expected a whole number from 0 to 1000000, got x'],
    ['b room 1 100001', 'expected a whole number from 0 to 100000, got 100001'],
    ['p #anna hi', 'expected name or #name#daemon, got #anna'],
  ] as const) {
    it(`cannot be ${JSON.stringify(line)}`, async () => {
      const error = await wrong(line);
      expect(error).to.be.instanceOf(CommandError);
      expect(error.message).to.include(message);
    });
  }

  for (const line of ['j #a#b', `j ${'g'.repeat(32)}`, 's #a#b text']) {
    it(`cannot name the group of ${JSON.stringify(line)}`, async () => {
      expect(await wrong(line)).to.be.instanceOf(IllegalGroupError);
    });
  }

  it('has a help that names each command', () => {
    expect(
      helpLines()
        .map((line) => line.trim()[0])
        .join(''),
    ).to.equal('jlspbm?q');
  });
});
