/** What the specs of the configuration language share. */
import { expect } from 'chai';
import {
  ConfigurationError,
  parseConfiguration,
  type ParsedDaemon,
  type ResolvedConfiguration,
  type ResolvedDaemon,
} from '../../daemon/config/index.js';

export const FILE = 'spread.conf';

/** A file of one daemon on loopback, with something behind it. */
export const withDaemon = (rest = ''): string =>
  `Spread_Segment 127.0.0.255 {\n  alpha 127.0.0.1\n}\n${rest}`;

export const parse = (text: string) => parseConfiguration(text, FILE);

/** Of a text that gives every daemon an address. */
export function resolved(text: string): ResolvedConfiguration {
  const parsed = parse(text);
  return { ...parsed, daemons: parsed.daemons.filter(hasAddress) };
}

const hasAddress = (daemon: ParsedDaemon): daemon is ResolvedDaemon => daemon.address !== undefined;

/** What `action` throws, which has to be a ConfigurationError of one line. */
export function failureOf(action: () => unknown): ConfigurationError {
  try {
    action();
  } catch (error) {
    return asFailure(error);
  }
  throw new Error('no error was thrown');
}

/** The same for a promise. */
export const rejectionOf = (promise: Promise<unknown>): Promise<ConfigurationError> =>
  promise.then(() => {
    throw new Error('the promise was kept');
  }, asFailure);

function asFailure(error: unknown): ConfigurationError {
  if (!(error instanceof ConfigurationError)) throw error;
  expect(error.message).to.not.match(/[\r\n]/);
  return error;
}

/** A faulty text, where it is at fault and what is said. */
export type Fault = readonly [title: string, text: string, place: string, problem: string];

/** One test a row. The place is `line:column`. */
export function itRefuses(faults: readonly Fault[]): void {
  for (const [title, text, place, problem] of faults) {
    it(`refuses ${title}`, () => {
      const error = failureOf(() => parse(text));
      expect(error.message).to.equal(`${FILE}:${place}: ${problem}`);
      expect(`${error.line}:${error.column}`).to.equal(place);
      expect(error.file).to.equal(FILE);
    });
  }
}
