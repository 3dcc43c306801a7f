import { expect } from 'chai';
import { InvalidArgumentError } from 'commander';
import * as values from '../../lib/cli/values.js';

describe('command: an address', () => {
  for (const text of [
    '4803@localhost',
    '4803',
    '1@192.0.2.1',
    '65535@::1',
    'localhost:4803',
    'tls://h:1',
    'unix:/p',
  ]) {
    it(`can be ${text}`, () => {
      expect(values.address(text)).to.equal(text);
    });
  }

  it('is the default when it is empty', () => {
    expect(values.address('')).to.equal('4803@localhost');
  });

  for (const text of ['localhost', '@localhost', '65536@localhost', '4803@', `1@${'h'.repeat(70)}`]) {
    it(`cannot be ${text}`, () => {
      expect(() => values.address(text)).to.throw(InvalidArgumentError, 'expected 4803@host, host:4803');
    });
  }
});

describe('command: names', () => {
  it('of groups are gathered one by one', () => {
    expect(values.groups('b', values.groups('a'))).to.deep.equal(['a', 'b']);
  });

  for (const text of ['', '#a', 'a b', 'g'.repeat(32), 'ä', 'a"']) {
    it(`of groups are not ${JSON.stringify(text)}`, () => {
      expect(() => values.group(text)).to.throw(InvalidArgumentError, '1 to 31 characters');
    });
  }

  it('of connections have at most ten characters', () => {
    expect(values.connectionName('abcdefghij')).to.equal('abcdefghij');
    expect(() => values.connectionName('abcdefghijk')).to.throw(InvalidArgumentError, '1 to 10 characters');
  });

  it('of destinations are groups and private names, with commas between', () => {
    expect(values.destinations('a,#b#host,c')).to.deep.equal(['a', '#b#host', 'c']);
  });

  for (const [text, hint] of [
    ['a,,b', '1 to 31 characters'],
    ['a b', '1 to 31 characters'],
    ['#b', '#name#daemon'],
    ['a,#b#', '#name#daemon'],
  ] as const) {
    it(`of destinations are not ${text}`, () => {
      expect(() => values.destinations(text)).to.throw(InvalidArgumentError, hint);
    });
  }
});

describe('command: numbers', () => {
  const type = values.integer(-32_768, 32_767);

  for (const [text, value] of [
    ['0', 0],
    ['-32768', -32_768],
    ['32767', 32_767],
    ['007', 7],
  ] as const) {
    it(`can be ${text}`, () => {
      expect(type(text)).to.equal(value);
    });
  }

  for (const text of ['', '1.5', '1e3', '0x10', '32768', '-32769', ' 1', 'one', '--1']) {
    it(`cannot be ${JSON.stringify(text)}`, () => {
      expect(() => type(text)).to.throw(InvalidArgumentError, 'a whole number from -32768 to 32767');
    });
  }

  it('say their range when it is open', () => {
    expect(() => values.integer(1)('0')).to.throw(InvalidArgumentError, 'a whole number of 1 and more');
  });
});

describe('command: durations', () => {
  for (const [text, bare, value] of [
    ['5', 'ms', 5],
    ['5', 's', 5_000],
    ['0.5s', 'ms', 500],
    ['20ms', 's', 20],
    ['2m', 's', 120_000],
  ] as const) {
    it(`${text} where a number alone is ${bare}`, () => {
      expect(values.duration(bare)(text)).to.equal(value);
    });
  }

  for (const text of ['', '-1', '1h', '1 s', '.5', 's', '1.s']) {
    it(`cannot be ${JSON.stringify(text)}`, () => {
      expect(() => values.duration('s')(text)).to.throw(InvalidArgumentError, 'a time such as 5s');
    });
  }
});
