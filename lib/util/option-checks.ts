/** Options and arguments checked by hand: for calls that are made often, or before the schema library is loaded. */
import { noOptions, unknownOption } from './option-errors.js';

export const NOT_A_SIGNAL = 'must be an AbortSignal';
export const NOT_A_COUNT = 'must be a non-negative integer';
export const NOT_A_TIME = 'must be a non-negative number of milliseconds';

export class OptionChecks {
  /** @param refused makes an error of what is wrong */
  constructor(private readonly refused: (text: string) => Error) {}

  /** Whether they are an object in which each option is a known one. */
  keys(options: unknown, known: ReadonlySet<string>): asserts options is object {
    if (typeof options !== 'object' || options === null) throw this.refused(noOptions(known));
    for (const key in options) if (!known.has(key)) throw this.refused(unknownOption([key], known));
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
