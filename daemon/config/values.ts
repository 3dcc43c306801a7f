/** The kinds of value that an option can have, and how each is read from the words of the file [daemon 4.2, 4.4]. */
import { Buffer } from 'node:buffer';
import * as z from 'zod';
import { isOriginRule } from '../../lib/util/origin.js';
import { isDaemonName } from '../../lib/wire/name.js';
import { show } from './error.js';
import { MAX_ACCOUNT_NAME, MAX_COROSYNC_GROUP, MAX_DIGITS, MAX_UNIX_DIR_BYTES } from './limits.js';
import {
  type ConsoleLink,
  type Endpoint,
  isClientAddress,
  isLinkAddress,
  MAX_ANNOUNCED,
  MAX_LINKS,
  MAX_ORIGINS,
  ORIGIN_RULE,
  readEndpoint,
} from './places.js';

/** A value as it stands in the file. Keywords and numbers lose their meaning in quotes. */
export interface Literal {
  readonly text: string;
  readonly quoted: boolean;
}

/** What follows the keyword: `= value`, nothing, either of them, or `= { list }`. */
export type Form = 'value' | 'flag' | 'flag or value' | 'list';

export interface Kind {
  readonly form: Form;
  /** The permitted values in words: completes `expected ...` and the column of the reference. */
  readonly values: string;
}

/** Each kind of value says what it is here; the grammar, the messages and the reference ask. */
export const kinds = z.registry<Kind>();

/** A kind of one word. `read` returns undefined for a word that is not of the kind. */
function reads<T>(values: string, read: (word: Literal) => T | undefined, form: Form = 'value') {
  return z
    .custom<Literal>()
    .transform((word, context): T => {
      const value = read(word);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: `expected ${values}, found ${shown(word)}` });
      return z.NEVER;
    })
    .register(kinds, { form, values });
}

const shown = ({ text, quoted }: Literal): string => (quoted ? `${show(text)} in quotes` : show(text));

const digits = new RegExp(`^\\d{1,${MAX_DIGITS}}$`);

/** A number by the rules of the language: decimal digits only, and not many. */
export const readNumber = (text: string): number | undefined =>
  digits.test(text) ? Number(text) : undefined;

export const wholeNumber = (least: number) =>
  reads(`a whole number of at most ${MAX_DIGITS} digits, at least ${least}`, ({ text, quoted }) => {
    const number = quoted ? undefined : readNumber(text);
    return number !== undefined && number >= least ? number : undefined;
  });

export const truths: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };

/** The same with a greatest one. */
export const numberBetween = (least: number, most: number) =>
  reads(`a whole number from ${least} to ${most}`, ({ text, quoted }) => {
    const number = quoted ? undefined : readNumber(text);
    return number !== undefined && number >= least && number <= most ? number : undefined;
  });

export const yesOrNo = () =>
  reads('true, yes, false or no', ({ text, quoted }) =>
    quoted ? undefined : ownValue(truths, text.toLowerCase()),
  );

/** One of the words given, in exactly this case, and its meaning. */
export const choice = <T>(words: Readonly<Record<string, T>>) =>
  reads(listed(Object.keys(words)), ({ text, quoted }) => (quoted ? undefined : ownValue(words, text)));

/** One of the words given, in any case. */
export const choiceInAnyCase = (words: readonly string[]) =>
  reads(`${listed(words)}, in any case`, ({ text, quoted }) =>
    quoted ? undefined : words.find((word) => word === text.toLowerCase()),
  );

/** A TCP address and no path. */
export const tcpAddress = () =>
  reads('host:port in quotes', ({ text }) => {
    const read = readEndpoint(text);
    return read && 'host' in read ? read : undefined;
  });

export const endpoint = () =>
  reads<Endpoint>('host:port in quotes, or the path of a local socket', ({ text }) => readEndpoint(text));

export const anyText = () => reads('a text', ({ text }) => text || undefined);

export const path = () => reads('a path', ({ text }) => text || undefined);

/** No longer than a local socket in it can be bound; empty for none. */
export const socketDirectory = () =>
  reads(`a directory of at most ${MAX_UNIX_DIR_BYTES} bytes, or "" for no local socket`, ({ text }) =>
    Buffer.byteLength(text) <= MAX_UNIX_DIR_BYTES ? text : undefined,
  );

/** A user or a group of the host. Empty is accepted and means none given. */
export const account = () =>
  reads(`a name of at most ${MAX_ACCOUNT_NAME} characters`, ({ text }) =>
    text.length <= MAX_ACCOUNT_NAME ? text : undefined,
  );

/** One of several names, quoted or not. */
export const oneOf = <T extends string>(names: readonly T[]) =>
  reads(listed(names), ({ text }) => names.find((name) => name === text));

const visible = new RegExp(`^[!-~]{1,${MAX_COROSYNC_GROUP}}$`);

export const groupName = () =>
  reads(`1 to ${MAX_COROSYNC_GROUP} visible ASCII characters`, ({ text }) =>
    visible.test(text) ? text : undefined,
  );

/** The only one of its sort that there is, quoted or not. */
export const only = (name: string) =>
  reads(`${name}, the only one in this version`, ({ text }) => (text === name ? name : undefined));

/** Present or absent. */
export const flag = () => z.literal(true).register(kinds, { form: 'flag', values: 'no value' });

/** Present, perhaps with a format of its own. */
export const flagOrFormat = (usual: string) =>
  z
    .union([z.literal(true).transform(() => usual), z.custom<Literal>().transform(({ text }) => text)])
    .register(kinds, { form: 'flag or value', values: 'no value, or a strftime format' });

/** Any of the words given, each perhaps after `!`. `what` names them where the list would be too long. */
export const flagList = (what: string, words: readonly string[]) =>
  z
    .array(
      reads(`${listed(words)}, optionally after "!"`, ({ text, quoted }) =>
        !quoted && words.includes(text.replace(/^!/, '')) ? text : undefined,
      ),
    )
    .register(kinds, { form: 'list', values: `${what} in braces, each optionally after \`!\`` });

/** Names with blanks between them. One that is unknown is refused: the operator would believe in a check nobody makes. */
export const methods = (known: readonly string[]) =>
  z
    .custom<Literal>()
    .transform(({ text }, context): readonly string[] => {
      const names = text.split(' ').filter((name) => name !== '');
      const refused = names.find((name) => !known.includes(name));
      if (refused !== undefined) {
        const message = `expected ${listed(known)}, found ${show(refused)}`;
        context.addIssue({ code: 'custom', message });
      }
      return [...new Set(names)];
    })
    .register(kinds, {
      form: 'value',
      values: `names separated by blanks, in quotes: ${listed(known)}`,
    });

export const clientAddresses = () =>
  reads(`1 to ${MAX_ANNOUNCED} addresses such as 4803@host, with blanks between`, ({ text }) => {
    const addresses = text.split(' ').filter((address) => address !== '');
    return addresses.length > 0 && addresses.length <= MAX_ANNOUNCED && addresses.every(isClientAddress)
      ? addresses
      : undefined;
  });

export const originRules = () =>
  reads(`1 to ${MAX_ORIGINS} of ${ORIGIN_RULE}, with blanks between`, ({ text: list }) => {
    const rules = list.split(' ').filter((rule) => rule !== '');
    return rules.length > 0 && rules.length <= MAX_ORIGINS && rules.every(isOriginRule) ? rules : undefined;
  });

export const consoleLinks = () =>
  reads<readonly ConsoleLink[]>('pairs daemon=URL in quotes, with blanks between', ({ text }) => {
    const links = text
      .split(' ')
      .filter((pair) => pair !== '')
      .map((pair) => ({ name: pair.slice(0, pair.indexOf('=')), url: pair.slice(pair.indexOf('=') + 1) }));
    const isSound = links.every(({ name, url }) => isDaemonName(name) && isLinkAddress(url));
    return links.length > 0 && links.length <= MAX_LINKS && isSound ? links : undefined;
  });

const ownValue = <T>(words: Readonly<Record<string, T>>, word: string): T | undefined =>
  Object.hasOwn(words, word) ? words[word] : undefined;

const listed = (words: readonly string[]): string => words.join(', ').replace(/, ([^,]*)$/, ' or $1');
