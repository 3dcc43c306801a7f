/** One family of errors: a class and a word for each condition, from the client to the daemon. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigurationError } from '../daemon/config/error.js';
import { PasswordError } from '../daemon/access/passwords.js';
import * as daemon from '../daemon/index.js';
import * as testing from '../daemon/testing/index.js';
import { LogError } from '../daemon/log/log-output.js';
import * as browser from '../lib/browser/index.js';
import * as channel from '../lib/channel/index.js';
import { ERROR_CODES, SspError, errorOf } from '../lib/errors.js';
import * as library from '../lib/index.js';
import * as recipes from '../lib/recipes/index.js';
import { FrameFault } from '../lib/wire/fault.js';
import { repositoryRoot } from './support/recordings.js';

type ErrorClass = new (...args: never[]) => SspError;

/** Arguments of those that take more than a sentence. */
const given: Readonly<Record<string, readonly unknown[]>> = {
  PermissionDeniedError: ['join', ['g']],
  HasClientsError: [3],
  ServerGoneError: ['left'],
  SecurityError: ['excluded', 'a problem'],
  ResumeError: ['illegal', 'a problem'],
  SessionChangedError: ['ann', 'bob'],
  InvalidValueError: [[{ message: 'a problem', path: [] }]],
  RefusedError: ['NOT_SOLD', ''],
  ConfigurationError: ['a problem', 'spread.conf'],
  AccessFileError: ['a problem', 'access.conf'],
  FrameFault: ['marker', 'a problem'],
};

/** Without a word of their own: the bases, and Corosync's, which has a word for each advice. */
const others = new Set(['SspError', 'RejectedError', 'RecipeError', 'ChannelError', 'TransportError']);

const isErrorClass = (value: unknown): value is ErrorClass =>
  typeof value === 'function' && value.prototype instanceof Error;

const all: Readonly<Record<string, unknown>> = {
  ...library,
  ...recipes,
  ...browser,
  ...channel,
  ...daemon,
  ...testing,
  FrameFault,
  ConfigurationError,
  PasswordError,
  LogError,
};
const classes = Object.entries(all).filter((pair): pair is [string, ErrorClass] => isErrorClass(pair[1]));

const wordOf = (name: string): string =>
  `ERR_SSP_${name
    .replace(/(Error|Fault)$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_')
    .toUpperCase()}`;

const make = (name: string, Class: ErrorClass): SspError =>
  new Class(...((given[name] ?? ['a problem']) as never[]));

describe('the family of errors', () => {
  it('has one base', () => {
    for (const [name, Class] of classes) {
      if (name !== 'SspError') expect(Class.prototype, name).to.be.instanceOf(SspError);
    }
  });

  it('has a code for each class that says what its name says', () => {
    for (const [name, Class] of classes) {
      if (others.has(name)) continue;
      const error = make(name, Class);
      const word = name === 'FrameFault' ? 'ERR_SSP_ILLEGAL_FRAME' : wordOf(name);
      expect([error.code, error.name], name).to.deep.equal([word, name]);
    }
  });

  it('lists every code once, and none that nothing throws', () => {
    const words = classes
      .filter(([name]) => !others.has(name))
      .map(([name, Class]) => make(name, Class).code);
    const corosync = ERROR_CODES.filter((code) => code.startsWith('ERR_SSP_COROSYNC_'));
    expect([...ERROR_CODES].toSorted()).to.deep.equal(
      [...new Set([...words, ...corosync, errorOf(-99).code])].toSorted(),
    );
    expect(new Set(ERROR_CODES).size).to.equal(ERROR_CODES.length);
  });

  it('explains every code in the guide', () => {
    const page = readFileSync(join(repositoryRoot, 'docs/guide/errors.md'), 'utf8');
    expect(ERROR_CODES.filter((code) => !page.includes(`\`${code}\``))).to.deep.equal([]);
  });

  it('has a number where Spread or the protocol of channels has one, and otherwise none', () => {
    expect(new library.NotUniqueError()).to.have.property('errno', -6);
    expect(new channel.TimeoutError()).to.include({ errno: -104, messip: -4 });
    expect(new recipes.ReadOnlyError('x')).not.to.have.property('errno');
  });

  it('keeps the cause, and an error of a subclass is one of its base', () => {
    const cause = new Error('reset');
    expect(new library.ConnectionClosedError(undefined, { cause }).cause).to.equal(cause);
    expect(new channel.TimeoutError('x', { cause }).cause).to.equal(cause);
    expect(new recipes.LeftGroupError('left')).to.be.instanceOf(library.ConnectionClosedError);
  });
});
