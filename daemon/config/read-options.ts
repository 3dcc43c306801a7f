/** The option statements of a file into checked values [daemon 4.4]. */
import { ConfigurationError, type Position } from './error.js';
import {
  isOptionName,
  optionSchema,
  optionsSchema,
  rowOf,
  type OptionName,
  type Options,
} from './options.js';
import type { OptionNode } from './syntax.js';

/**
 * Each statement is checked by itself, also one that a later one overrides; then what is left, together.
 * @throws ConfigurationError at the value at fault
 */
export function readOptions(statements: readonly OptionNode[], file: string): Options {
  const given = new Map<OptionName, OptionNode>();
  for (const statement of statements) {
    const { name, value, valuePosition } = statement;
    const [issue] = optionSchema(name).safeParse(value).error?.issues ?? [];
    if (issue) throw new ConfigurationError(`${name}: ${issue.message}`, file, valuePosition);
    given.set(name, statement);
  }

  const result = optionsSchema.safeParse(
    Object.fromEntries([...given].map(([name, { value }]) => [name, value])),
  );
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ConfigurationError(issue?.message ?? 'illegal options', file, blamed(issue?.path ?? [], given));
}

/** Among the options that an issue names, the first that the file gives. */
function blamed(
  path: readonly PropertyKey[],
  given: ReadonlyMap<OptionName, OptionNode>,
): Position | undefined {
  const culprit = path.filter(isOptionName).find((name) => given.has(name));
  return culprit && given.get(culprit)?.valuePosition;
}

/** The given options that change nothing in this daemon, each once. They are named at start. */
export const ineffective = (statements: readonly OptionNode[]): OptionName[] =>
  [...new Set(statements.map(({ name }) => name))].filter((name) => !rowOf(name).effect);
