/** What ends a command from outside: a signal, or a reader of its output that goes away. */
import { constants } from 'node:os';
import { Failure, Interrupted } from './failure.js';

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
