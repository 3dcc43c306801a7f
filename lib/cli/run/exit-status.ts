/** Exit statuses of the verbs that run a command, or wait for others: one per condition, different from those that most commands use. */
import { SspError } from '../../index.js';
import { FAILED_STATUS, Failure } from '../failure.js';
import { Unreached } from '../session.js';

/** No daemon was reached, or the connection to it was lost before there was a result. */
export const UNREACHED_STATUS = 121;
/** The lock or the lead was lost, and the command was ended for that. */
export const LOST_STATUS = 122;
/** The time of `--timeout` was over. The number is that of timeout(1). */
export const TIMEOUT_STATUS = 124;
/** `ssp` itself failed, where status 1 may be the command's. This and the next two are those of timeout(1) and env(1). */
export const RUNNER_STATUS = 125;
/** The command was found, and cannot be run. */
export const NOT_EXECUTABLE_STATUS = 126;
/** The command was not found. */
export const NOT_FOUND_STATUS = 127;

/**
 * Gives errors of a connection their status.
 * @param failed the status of other failures
 */
export async function withStatuses(failed: number, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Unreached) throw new Failure(error.message, UNREACHED_STATUS, { cause: error });
    const isPlain = error instanceof Failure ? error.status === FAILED_STATUS : error instanceof SspError;
    throw isPlain ? new Failure((error as Error).message, failed, { cause: error }) : error;
  }
}
