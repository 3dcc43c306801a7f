/** The files of the access control have one entry a line; blank lines and lines that begin with `#` say nothing. */

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
