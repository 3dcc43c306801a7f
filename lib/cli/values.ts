/** Arguments from text to values. A parser throws what commander turns into a line of usage. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SERVICES } from '../index.js';
import { isGroupName, isPrivateName, parsePrivateGroup } from '../wire/index.js';
import { DEFAULT_PORT } from '../wire/limits.js';
import { ADDRESS_FORMS, addressFault, addressList, parseAddress, parseService } from '../mailbox/address.js';
import { checkTlsFlags, tlsOptions } from './session.js';
import { exampleText } from './text.js';

export const DEFAULT_ADDRESS = `${DEFAULT_PORT}@localhost`;

/** Empty is the default, so that an empty environment variable counts as none. */
export function address(text: string): string {
  if (text === '') return DEFAULT_ADDRESS;
  if (parseAddress(text) === null) throw new InvalidArgumentError(`${addressFault(text)}.`);
  return text;
}

/** Several with commas between, or a service, as well. */
export function addresses(text: string): string {
  if (text === '') return DEFAULT_ADDRESS;
  for (const each of addressList(text))
    if (parseAddress(each) === null && parseService(each) === null)
      throw new InvalidArgumentError(`${addressFault(each)}.`);
  return text;
}

export function connectionName(text: string): string {
  if (!isPrivateName(text)) {
    throw new InvalidArgumentError('A name has 1 to 10 characters from "$" to "~", so no blank and no "#".');
  }
  return text;
}

const GROUP_RULE = 'A group name has 1 to 31 characters from "$" to "~", so no blank and no "#".';

export function group(text: string): string {
  if (!isGroupName(text)) throw new InvalidArgumentError(GROUP_RULE);
  return text;
}

/** For commander, which hands over one name after the other. */
export const groups = (text: string, before: readonly string[] = []): string[] => [...before, group(text)];

/** Where a message can go: groups and ids of connections, separated by commas. */
export function destinations(text: string): string[] {
  const names = text.split(',');
  for (const name of names) {
    if (isGroupName(name) || parsePrivateGroup(name) !== null) continue;
    const rule = name.startsWith('#') ? 'Expected an id #name#daemon.' : GROUP_RULE;
    throw new InvalidArgumentError(rule);
  }
  return names;
}

/** A parser of whole numbers in a range. */
export function integer(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} and more` : `from ${least} to ${most}`;
      throw new InvalidArgumentError(`It must be a whole number ${range}.`);
    }
    return value;
  };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/**
 * A parser of durations: a number with `ms`, `s` or `m` behind it.
 * @param bare the unit of a number alone
 * @returns milliseconds
 */
export function duration(bare: 'ms' | 's'): (text: string) => number {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
    const unit = units[match?.[2] ?? bare];
    if (match === null || unit === undefined) {
      throw new InvalidArgumentError(`It must be a time such as 5${bare} or 0.5s.`);
    }
    return Number(match[1]) * unit;
  };
}

/** Longest time that a timer of Node can have. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A time to wait: above 0, and at most 24 days. @returns milliseconds */
export function waitTime(text: string): number {
  const milliseconds = duration('s')(text);
  if (milliseconds >= 1 && milliseconds <= LONGEST_TIMER_MS) return milliseconds;
  throw new InvalidArgumentError('It must be a time from 1ms to 24 days, such as 500ms or 30s.');
}

const sizes: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/** Bytes: a number, or one with kB, MB or GB behind it. */
export function size(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:([kMG]?)B)?$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It must be a size such as 100MB or 1.5GB.');
  return Math.floor(Number(match[1]) * (sizes[match[2] ?? ''] ?? 1));
}

/** A number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || value === Infinity) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

/** What all verbs share: the way they are declared. */
const ENVIRONMENT = 'SSP_USER and SSP_PASSWORD in the environment answer a daemon that asks for them.';

/**
 * Makes a command one that has a connection.
 * @param examples what a person would type
 * @param daemons whether it can choose among several
 */
export function verb(
  command: Command,
  examples: readonly string[],
  daemons: 'one' | 'several' = 'several',
): Command {
  const [what, parser] =
    daemons === 'one'
      ? ['address of the daemon', address]
      : ['address of the daemon, or of several with commas between', addresses];
  command
    .addOption(
      new Option('-a, --address <address>', `${what}: ${ADDRESS_FORMS}`)
        .env('SSP_ADDRESS')
        .default(DEFAULT_ADDRESS)
        .argParser(parser),
    )
    .hook('preAction', checkTlsFlags)
    .addHelpText('after', `${exampleText(examples)}\n\n${ENVIRONMENT}`);
  for (const option of tlsOptions()) command.addOption(option);
  return command;
}

export const nameOption = (): Option =>
  new Option(
    '-n, --name <name>',
    'name of the connection, 1 to 10 characters (default: chosen by the daemon)',
  ).argParser(connectionName);

export const serviceOption = (): Option =>
  new Option('-s, --service <service>', 'delivery service').choices([...SERVICES]).default('agreed');

export const jsonOption = (what: string): Option => new Option('--json', what);
