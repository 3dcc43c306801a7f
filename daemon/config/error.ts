import { SspError, keepNames } from '../../lib/errors.js';

/** Where a word begins. Both count from 1; a tab is one column. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * The only error that reading a configuration ends with. What Spread 5.0.1 aborts for
 * [daemon 4.1 to 4.4] is one of these here; the message is one line, ready to be shown.
 */
export class ConfigurationError extends SspError {
  /** Line and column are absent when no place in the file is at fault, only the file as a whole. */
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(
    problem: string,
    readonly file: string,
    position?: Position,
    options?: ErrorOptions,
  ) {
    super('ERR_SSP_CONFIGURATION', `${located(file, position)}: ${problem}`, options);
    this.line = position?.line;
    this.column = position?.column;
  }
}

keepNames({ ConfigurationError });

/** `spread.conf:12:5`, the form that editors and terminals make clickable. */
export const located = (file: string, position?: Position): string =>
  position ? `${file}:${position.line}:${position.column}` : file;

const LONGEST_SHOWN = 60;

/** A word of the file for a message: quoted, on one line, never long. */
export const show = (text: string): string =>
  JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text);
