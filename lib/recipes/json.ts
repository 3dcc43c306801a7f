/** What travels is JSON. What that drops, or cannot hold, is refused: it would come back as something else. */
import { errorOf } from '../errors.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { isTooDeep } from './core/json-depth.js';
import { MAX_JSON_DEPTH } from './core/limits.js';

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
  errorOf(
    ILLEGAL_PARAM,
    `${what} is nothing that JSON can hold: ${why}`,
    cause === undefined ? {} : { cause },
  );
