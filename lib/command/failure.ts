/** How a command ends when it does not end well: a status for scripts, one line for people. */

export const FAILED_STATUS = 1;
export const USAGE_STATUS = 2;

/** Something that a person can mend: one line, no stack. Anything else that is thrown is a defect and keeps its stack. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly status = FAILED_STATUS,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Ended from outside. Says nothing: who did it knows. */
export class Interrupted extends Error {
  constructor(readonly status: number) {
    super('interrupted');
  }
}
