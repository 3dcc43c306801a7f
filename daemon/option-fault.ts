/** What is wrong with the options of a daemon, in words for whoever wrote them. */
import type { z } from 'zod';
import { closestWord, keysAt } from '../lib/util/option-errors.js';

const LONGEST_SHOWN = 60;

/** What people write who look for an option that has another place. */
const elsewhere: Readonly<Record<string, string>> = {
  port: 'listen: [{ host, port }]',
  host: 'listen: [{ host, port }]',
  address: 'listen: [{ host, port }]',
  socket: 'unixDir',
  token: 'monitor: { endpoint, token }',
};

/**
 * All faults in one line.
 * @param schema what `given` did not fit
 */
export const optionFaults = (schema: z.ZodType, given: unknown, { issues }: z.ZodError): string =>
  issues.map((issue) => optionFault(schema, given, issue)).join('; ');

function optionFault(schema: z.ZodType, given: unknown, issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String);
  const place = path.length === 0 ? '' : `${path.join('.')}: `;
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    // Not in the schema: it is no data.
    const all = path.length === 0 ? [...known, 'logger'] : known;
    return issue.keys.map((key) => unknownOption([...path, key], all)).join('; ');
  }
  const got = show(valueAt(given, path));
  return `${place}expected ${expectation(issue)}, got ${got}`;
}

function unknownOption(path: readonly string[], known: readonly string[]): string {
  const others = path.length === 1 ? elsewhere : {};
  const meant = closestWord(path.at(-1) ?? '', [...known, ...Object.keys(others)]);
  const hint =
    meant === null ? `expected one of ${known.join(', ')}` : `did you mean ${others[meant] ?? `"${meant}"`}?`;
  return `unknown option "${path.join('.')}"; ${hint}`;
}

/** What was expected, behind that word. The messages of the schema itself are such phrases. */
function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return types[issue.expected] ?? issue.expected;
    case 'too_small':
      return issue.origin === 'string' ? 'a text that is not empty' : `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'invalid_union':
      return '{ host, port } or { path }';
    default:
      return issue.message;
  }
}

const types: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

const valueAt = (given: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
    given,
  );

/** A value on one line, never long. */
export function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) return String(value);
  let text = 'an object';
  try {
    text = JSON.stringify(value) ?? typeof value;
  } catch {
    // A cycle, or what JSON has no form for.
  }
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
}
