/** A file of the access control is missing or makes no sense. One line, for the person who starts the daemon. */
export class AccessFileError extends Error {
  override readonly name = 'AccessFileError';

  constructor(
    problem: string,
    readonly file: string,
    /** From 1; absent when the file as a whole is at fault. */
    readonly line?: number,
  ) {
    super(`${line === undefined ? file : `${file}:${line}`}: ${problem}`);
  }
}
