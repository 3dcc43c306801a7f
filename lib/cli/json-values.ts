/** Values of programs on the command line: texts as they are, everything else as JSON; with `--json` all of it. */
import { Failure, USAGE_STATUS } from './failure.js';
import { printable } from './text.js';

/**
 * @param what names it in the error
 * @throws Failure for what is not JSON
 */
export function valueOf(text: string, isJson: boolean, what: string): unknown {
  if (!isJson) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const hint = `a text is '${JSON.stringify(text)}' in a shell`;
    throw new Failure(
      `with --json expected JSON as ${what}, got ${printable(text)}; ${printable(hint)}`,
      USAGE_STATUS,
      {
        cause: error,
      },
    );
  }
}

/** On one line, for people. */
export const valueLine = (value: unknown): string =>
  printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
