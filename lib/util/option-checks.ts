/** Options and arguments checked by hand, in Node and in browsers: a schema library is larger than the whole client. */
import { noOptions, unknownOption } from './option-errors.js';

export const NOT_A_SIGNAL = 'must be an AbortSignal';
export const NOT_A_COUNT = 'must be a non-negative integer';
export const NOT_A_TIME = 'must be a non-negative number of milliseconds';

/** What is wrong with the value of an option, as the end of a sentence; null: nothing. */
export type OptionCheck = (value: unknown) => string | null;

/** The options there are, each with its check, or with those of its own options. One that is undefined was not given. */
export interface OptionShape {
  readonly [name: string]: OptionCheck | OptionShape;
}

/** The first thing that is wrong with options, as a sentence; null: nothing. @param place where they are, as `tls` */
export function optionFault(options: unknown, shape: OptionShape, place = ''): string | null {
  const known = Object.keys(shape);
  if (typeof options !== 'object' || options === null)
    return place === '' ? noOptions(known) : `${place}: ${noOptions(known)}`;
  for (const name in options)
    if (!known.includes(name)) return `${place && `${place}: `}${unknownOption([name], known)}`;
  for (const name of known) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    const check = shape[name];
    const path = place === '' ? name : `${place}.${name}`;
    const fault = value === undefined ? null : faultAt(value, check as OptionCheck | OptionShape, path);
    if (fault !== null) return fault;
  }
  return null;
}

function faultAt(value: unknown, check: OptionCheck | OptionShape, path: string): string | null {
  if (typeof check !== 'function') return optionFault(value, check, path);
  const fault = check(value);
  return fault && `${path} ${fault}`;
}

/** @param fault as the end of a sentence: `must be ...` */
export const holds =
  (isRight: (value: unknown) => boolean, fault: string): OptionCheck =>
  (value) =>
    isRight(value) ? null : fault;

export const aSignal: OptionCheck = holds((value) => value instanceof AbortSignal, NOT_A_SIGNAL);

/** Milliseconds. */
export const aTime: OptionCheck = holds(
  (value) => typeof value === 'number' && value >= 0 && value !== Infinity,
  NOT_A_TIME,
);

export const aFunction: OptionCheck = holds((value) => typeof value === 'function', 'must be a function');

export const aBoolean: OptionCheck = holds((value) => typeof value === 'boolean', 'must be true or false');

export const aText: OptionCheck = holds((value) => typeof value === 'string', 'must be a string');

export const integerFrom = (least: number, most = Infinity): OptionCheck =>
  holds(
    (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
    `must be an integer from ${least}${most === Infinity ? '' : ` to ${most}`}`,
  );

export const timeFrom = (least: number): OptionCheck =>
  holds(
    (value) => typeof value === 'number' && value >= least && value !== Infinity,
    `must be a number of milliseconds from ${least}`,
  );

export const oneOf = (...words: readonly string[]): OptionCheck =>
  holds(
    (value) => words.includes(value as string),
    `must be ${words.map((word) => `'${word}'`).join(' or ')}`,
  );

export class OptionChecks {
  /** @param refused makes an error of what is wrong */
  constructor(private readonly refused: (text: string) => Error) {}

  /** Whether they are an object in which each option is a known one. */
  keys(options: unknown, known: ReadonlySet<string>): asserts options is object {
    if (typeof options !== 'object' || options === null) throw this.refused(noOptions(known));
    for (const key in options) if (!known.has(key)) throw this.refused(unknownOption([key], known));
  }

  /** All of them. */
  all(options: unknown, shape: OptionShape): void {
    const fault = optionFault(options, shape);
    if (fault !== null) throw this.refused(fault);
  }

  signal(value: unknown): asserts value is AbortSignal | undefined {
    if (value !== undefined && !(value instanceof AbortSignal)) throw this.refused(`signal ${NOT_A_SIGNAL}`);
  }

  /** Milliseconds. */
  time(value: unknown, what: string): asserts value is number | undefined {
    if (value === undefined || (typeof value === 'number' && value >= 0 && value !== Infinity)) return;
    throw this.refused(`${what} ${NOT_A_TIME}`);
  }

  count(value: unknown, what: string): asserts value is number | undefined {
    if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) return;
    throw this.refused(`${what} ${NOT_A_COUNT}`);
  }
}
