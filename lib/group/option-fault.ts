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
  const known = 'shape' in schema ? Object.keys(schema.shape as object) : [];
  const [issue] = error.issues;
  if (!issue) return error.message;
  const path = issue.path.map(String).join('.');
  if (path === '' && issue.code === 'unrecognized_keys') return unknownOption(issue.keys, known);
  if (path === '' && issue.code === 'invalid_type') return noOptions(known);
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
