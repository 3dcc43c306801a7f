/** How a command ends when it does not end well: a status for scripts, one line for people. */
import { once } from 'node:events';
import { constants } from 'node:os';

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

// What ends a command from outside: a signal, or a reader of its output that goes away.

/** Shells report a process that a signal ended as this plus the signal's number. */
const SIGNAL_STATUS = 128;

/**
 * Aborts with the reason to end the process with. A second signal of the same kind ends it at once.
 * @param cutsShort whether a signal makes the result incomplete, which the status then tells
 */
export function interruption(cutsShort: boolean): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    const status = cutsShort ? SIGNAL_STATUS + constants.signals[name] : 0;
    process.once(name, () => controller.abort(new Interrupted(status)));
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const isUnread = error.code === 'EPIPE';
    controller.abort(isUnread ? new Interrupted(0) : new Failure(`cannot write: ${error.message}`));
  });
  return controller.signal;
}

// Standard output, line by line.

/** Writes a line. Resolves when there is room for another, or when nobody waits for more. */
export async function print(line: string, stop: AbortSignal): Promise<void> {
  if (process.stdout.write(`${line}\n`) || stop.aborted) return;
  await once(process.stdout, 'drain', { signal: stop }).catch(() => undefined);
}
