/** What is wrong with options, in words for whoever has to mend them. */
import type { z } from 'zod';

/** @param known names of the options there are */
export const unknownOption = (names: readonly string[], known: Iterable<string>): string => {
  const all = [...known];
  const unknown = names.map((name) => `"${name}"`).join(', ');
  return `unknown option ${unknown}; expected one of ${all.join(', ')}${didYouMean(names[0] ?? '', all)}`;
};

/** @param known as `unknownOption` */
export const noOptions = (known: Iterable<string>): string =>
  `options must be an object: ${[...known].join(', ')}`;

export const NO_CONNECTION = 'the first argument must be a Connection: `await connect(...)`';

/** Whether it can be used as one: a connection of another copy of this package can. */
export const isConnection = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'join' in value && 'sendTo' in value && 'id' in value;

/**
 * What the schema makes of the options. @param refused makes an error of what is wrong
 * @throws that error, which names the first wrong option
 */
export function parsedOptions<T>(
  schema: z.ZodType<T>,
  options: unknown,
  refused: (text: string) => Error,
): T {
  const result = schema.safeParse(options);
  if (!result.success) throw refused(optionFault(schema, result.error));
  return result.data;
}

/** The first fault, as one line. */
function optionFault(schema: z.ZodType, error: z.ZodError): string {
  const [issue] = error.issues;
  if (!issue) return error.message;
  const { message } = issue;
  const path = issue.path.map(String);
  const place = path.length === 0 ? '' : path.join('.') + (message.startsWith('must ') ? ' ' : ': ');
  if (issue.code === 'unrecognized_keys') return place + unknownOption(issue.keys, keysAt(schema, path));
  if (place === '' && issue.code === 'invalid_type') return noOptions(keysAt(schema, path));
  return place + message;
}

interface Schema {
  /** Of what is optional, has a default, or is a list. */
  readonly unwrap?: () => unknown;
  readonly element?: unknown;
  readonly shape?: Readonly<Record<string, unknown>>;
}

/** Names of the options at a place of the schema. */
export function keysAt(schema: z.ZodType, path: readonly string[]): string[] {
  let at = bare(schema);
  for (const key of path) at = bare(at?.shape?.[key] ?? at?.element);
  return Object.keys(at?.shape ?? {});
}

function bare(schema: unknown): Schema | undefined {
  let inner = schema as Schema | undefined;
  while (inner?.unwrap && inner.element === undefined) inner = inner.unwrap() as Schema | undefined;
  return inner;
}

// "did you mean ...?" for a word that is not one of those known.

/** Edits that a slip takes at most; beyond, or for more than a third of the word, it is another word. */
const MAX_EDITS = 3;
/** Longer words are compared no further: what is typed by hand is shorter. */
const MAX_LENGTH = 64;

/** The known word that was meant, in words to be put behind an error; empty when none is close. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = closestWord(word, known);
  return meant === null ? '' : `; did you mean "${meant}"?`;
}

/** The known word with the fewest edits, the case of letters apart; null when none is close. */
export function closestWord(word: string, known: Iterable<string>): string | null {
  const lower = word.slice(0, MAX_LENGTH).toLowerCase();
  let best: string | null = null;
  let least = Math.min(MAX_EDITS, Math.max(1, Math.floor(lower.length / 3))) + 1;
  for (const candidate of known) {
    const edits = distance(lower, candidate.slice(0, MAX_LENGTH).toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** Letters to insert, delete, replace or swap with their neighbour. */
function distance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      let edits = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (isSame ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwapped) edits = Math.min(edits, at(beforeLast, j - 2) + 1);
      row.push(edits);
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, to.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity;
