import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { pino } from 'pino';
import { terminalLine } from '../../daemon/log/terminal-lines.js';

/** What pino writes for a line, shown as a terminal gets it. */
function shown(fields: object, message: string, level: 'info' | 'warn' | 'error' = 'info', coloured = false) {
  let json = '';
  const timestamp = (): string => `,"time":${new Date(2026, 0, 2, 3, 4, 5, 67).getTime()}`;
  pino({ timestamp }, { write: (line) => (json += line) })[level](fields, message);
  return terminalLine(json, coloured);
}

describe('a line of the log at a terminal', () => {
  it('is time, level, message and fields', () => {
    expect(shown({ name: 'alice', sessions: 3, tls: false }, 'session established')).to.equal(
      '03:04:05.067 INFO  session established  name=alice sessions=3 tls=false\n',
    );
    expect(shown({}, 'stopping', 'error')).to.equal('03:04:05.067 ERROR stopping\n');
  });

  it('quotes text that would run into the next field', () => {
    expect(shown({ a: 'one two', b: '', c: 'x=1', d: ['one'] }, 'x')).to.equal(
      '03:04:05.067 INFO  x  a="one two" b="" c="x=1" d=["one"]\n',
    );
  });

  it('is one line that does not steer the terminal, whatever a client has sent', () => {
    const line = shown({ name: '\u001b[2J\u009b2J\u202egnp\n' }, 'a\u001b]0;b\u0007');
    expect(line).not.to.match(/\p{C}(?!$)/u);
    expect(line).to.include('\\u{1b}]0;b\\u{7}').and.to.include('\\u{9b}2J\\u{202e}gnp\\n');
  });

  it('has colours of the level, and says the same with them', () => {
    const [plain, coloured] = [false, true].map((isColoured) =>
      shown({ reason: 'broken' }, 'session ended', 'warn', isColoured),
    ) as [string, string];
    expect(coloured).not.to.equal(plain);
    expect(stripVTControlCharacters(coloured)).to.equal(plain);
    const levels = (['info', 'warn', 'error'] as const).map((level) => shown({}, 'x', level, true));
    expect(
      new Set(levels.map((line) => line.slice(0, line.indexOf('x')).replace(/[A-Z ]+/g, ''))).size,
    ).to.equal(3);
  });
});
