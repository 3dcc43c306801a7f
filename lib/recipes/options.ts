/** What the recipes take, checked once at the door. */
import { z } from 'zod';
import { errorOf } from '../errors.js';
import { parsedOptions } from '../util/option-errors.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { isTooDeep } from './core/json-depth.js';
import { MAX_JSON_DEPTH } from './core/limits.js';

/** What those take who wait for something. */
export interface WaitOptions {
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

export const quorumOption = z.int().min(1).optional();
export const silenceTimeoutOption = z.number().min(1).optional();

/** @throws IllegalParamError that says which option is wrong */
export const checkedOptions = <T>(schema: z.ZodType<T>, options: unknown): T =>
  parsedOptions(schema, options, (text) => errorOf(ILLEGAL_PARAM, text));

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
