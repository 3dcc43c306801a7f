/** What is wrong with options, in words for whoever has to mend them. */
import type { z } from 'zod';
import { didYouMean } from '../did-you-mean.js';

/** @param known names of the options there are */
export const unknownOption = (names: readonly string[], known: Iterable<string>): string => {
  const all = [...known];
  const unknown = names.map((name) => `"${name}"`).join(', ');
  return `unknown option ${unknown}; there are ${all.join(', ')}${didYouMean(names[0] ?? '', all)}`;
};

/** @param known as `unknownOption` */
export const noOptions = (known: Iterable<string>): string =>
  `options are an object: ${[...known].join(', ')}`;

export const NO_CONNECTION = 'the first argument is a Connection: `await connect(...)`';

/** Whether it can be used as one: a connection of another copy of this package can. */
export const isConnection = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'join' in value &&
  'sendTo' in value &&
  'privateName' in value;

/** The first fault, as one line. */
export function optionFault(schema: z.ZodType, error: z.ZodError): string {
  const [issue] = error.issues;
  if (!issue) return error.message;
  const path = issue.path.map(String);
  const place = path.length === 0 ? '' : `${path.join('.')}: `;
  if (issue.code === 'unrecognized_keys') return place + unknownOption(issue.keys, keysAt(schema, path));
  if (place === '' && issue.code === 'invalid_type') return noOptions(keysAt(schema, path));
  return place + issue.message;
}

/** Names of the options at a place of the schema. */
function keysAt(schema: z.ZodType, path: readonly string[]): string[] {
  let at: unknown = schema;
  for (const key of path) at = shapeOf(at)[key];
  return Object.keys(shapeOf(at));
}

/** Of an object, or of an optional one. */
function shapeOf(schema: unknown): Readonly<Record<string, unknown>> {
  let inner = schema as { unwrap?: () => unknown; shape?: Record<string, unknown> } | undefined;
  while (inner?.unwrap) inner = inner.unwrap() as typeof inner;
  return inner?.shape ?? {};
}
