/** What nobody catches. */
import { until } from './wait.js';

/** Runs the work while uncaught exceptions are caught, until `count` have come. @returns them */
export async function uncaught(count: number, work: () => Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  process.setUncaughtExceptionCaptureCallback((error) => errors.push(error));
  try {
    await work();
    await until(() => errors.length >= count, `${count} uncaught exceptions`);
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
  return errors;
}
