/** What a promise is rejected with. */
import { within } from './fake-daemon.js';

export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string; errno?: number }> {
  const outcome = await within(
    promise.then(
      () => null,
      (error: unknown) => error,
    ),
    'a rejection',
  );
  if (outcome instanceof Error) return outcome;
  throw new Error('it was not rejected');
}
