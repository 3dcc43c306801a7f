/** Reading values by a Standard Schema, whatever the schema does: it is code of the application, fed with bytes of others. */
import type { OptionCheck } from './option-checks.js';
import type { StandardSchema, ValueIssue } from './standard-schema.js';

/** Most issues of one value that are handed out: a hostile body can have one for each of its bytes. */
export const MAX_ISSUES = 100;
/** Longest message of an issue that is handed out, in characters. */
export const MAX_ISSUE_TEXT = 1000;

/** Whether a schema accepts a value, and what it makes of it. */
export type Validation<Output> =
  | { readonly isValid: true; readonly value: Output }
  | {
      readonly isValid: false;
      readonly issues: readonly ValueIssue[];
      /** There where the schema has answered with a promise: that. Its rejection is taken care of. */
      readonly late: PromiseLike<unknown> | null;
    };

const SYNCHRONOUS = 'the schema answered with a promise, expected an answer at once';

/** Reads a value. Never throws. */
export function validated<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): Validation<Output> {
  try {
    const answer: unknown = schema['~standard'].validate(value);
    if (isPromise(answer)) {
      ignored(answer);
      return { ...invalid(SYNCHRONOUS), late: answer };
    }
    const { issues, value: output } = Object(answer) as {
      readonly issues?: unknown;
      readonly value?: unknown;
    };
    if (Array.isArray(issues)) return { isValid: false, issues: bounded(issues), late: null };
    if (answer === null || typeof answer !== 'object' || !('value' in answer) || issues !== undefined)
      return invalid('the schema answered neither with a value nor with issues');
    return { isValid: true, value: output as Output };
  } catch (error) {
    return invalid(textOf(error));
  }
}

/** One that is not valid, for a reason that no schema has given. */
export const invalid = (message: string): Extract<Validation<never>, { readonly isValid: false }> => ({
  isValid: false,
  issues: [{ message: message.slice(0, MAX_ISSUE_TEXT), path: [] }],
  late: null,
});

/** The message of whatever was thrown. Never throws. */
export function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'something that has no text was thrown';
  }
}

/**
 * Of an option: a schema that answers at once. It is asked for `undefined`, which tells of most that answer with a promise; others
 * show with the first value.
 */
export const aSchema: OptionCheck = (value) => {
  const standard = schemaPart(value);
  if (standard === null) return 'must be a Standard Schema of version 1, such as one of zod 4';
  const probe = validated(value as StandardSchema, undefined);
  if (probe.isValid || probe.late === null) return null;
  return 'must validate synchronously: the schema answered with a promise';
};

/** Nobody waits for what it gives. */
export const ignored = (promise: PromiseLike<unknown>): void =>
  void promise.then(
    () => undefined,
    () => undefined,
  );

/** Schemas of some libraries are functions. */
function schemaPart(value: unknown): object | null {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return null;
  const part = (value as { readonly '~standard'?: unknown })['~standard'];
  const { version, validate } = Object(part) as { readonly version?: unknown; readonly validate?: unknown };
  return version === 1 && typeof validate === 'function' ? (part as object) : null;
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';

function bounded(issues: readonly unknown[]): ValueIssue[] {
  return issues.slice(0, MAX_ISSUES).map((issue) => {
    const { message, path } = Object(issue) as { readonly message?: unknown; readonly path?: unknown };
    const text = typeof message === 'string' ? message.slice(0, MAX_ISSUE_TEXT) : 'invalid';
    return { message: text, path: Array.isArray(path) ? path.map(stepOf) : [] };
  });
}

/** A step of a path is a key, or an object with one. */
function stepOf(step: unknown): PropertyKey {
  const key: unknown =
    typeof step === 'object' && step !== null ? (step as { readonly key?: unknown }).key : step;
  return typeof key === 'number' || typeof key === 'symbol' ? key : String(key);
}
