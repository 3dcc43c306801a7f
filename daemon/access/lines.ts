/** The files of the access control have one entry a line; blank lines and lines that begin with `#` say nothing. */
import { SspError, keepNames } from '../../lib/errors.js';

export interface Entry {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

export const entriesOf = (text: string): Entry[] =>
  text
    .split(/\r?\n/)
    .map((line, i) => ({ text: line.trim(), line: i + 1 }))
    .filter((entry) => entry.text !== '' && !entry.text.startsWith('#'));

/** A file of the access control is missing or invalid. One line, for the person who starts the daemon. */
export class AccessFileError extends SspError {
  constructor(
    problem: string,
    /** Its path. */
    readonly file: string,
    /** From 1; absent when the file as a whole is at fault. */
    readonly line?: number,
  ) {
    super('ERR_SSP_ACCESS_FILE', `${line === undefined ? file : `${file}:${line}`}: ${problem}`);
  }
}

keepNames({ AccessFileError });
