/** What the recipes take, checked once at the door. */
import { errorOf } from '../errors.js';
import { integerFrom, OptionChecks, type OptionShape, timeFrom } from '../util/option-checks.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { isTooDeep, MAX_JSON_DEPTH } from '../util/json-depth.js';

/** What those take who wait for something. */
export interface WaitOptions {
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

export const aQuorum = integerFrom(1);
export const aSilence = timeFrom(1);

const check: OptionChecks = new OptionChecks((text) => errorOf(ILLEGAL_PARAM, text));

/** @throws IllegalParamError that says which option is wrong */
export const checkOptions = (shape: OptionShape, options: unknown): void => check.all(options, shape);

/** The given options without those that are undefined, so that defaults stand. */
export const given = <T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

// What travels is JSON. What that drops, or cannot hold, is refused: it would come back as something else.

/**
 * The value itself is looked at, not what lies inside: there JSON has its own rules, such as null for NaN.
 * @param what names it in the error @throws IllegalParamError
 */
export function jsonText(value: unknown, what: string): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw unfit(what, String(value));
  let text: string | undefined;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (error) {
    throw unfit(what, (error as Error).message.split('\n', 1)[0] ?? '', error);
  }
  if (text === undefined) throw unfit(what, typeof value);
  if (isTooDeep(text, MAX_JSON_DEPTH)) throw unfit(what, `more than ${MAX_JSON_DEPTH} levels`);
  return text;
}

const unfit = (what: string, why: string, cause?: unknown): Error =>
  errorOf(ILLEGAL_PARAM, `JSON cannot represent ${what}: ${why}`, cause === undefined ? {} : { cause });
