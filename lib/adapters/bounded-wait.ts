/** Waits of adapters: each has a limit, since their hosts have none. */
import { ReadOnlyError } from '../recipes/errors.js';
import type { WaitOptions } from '../recipes/options.js';
import type { Replicated } from '../recipes/replicated.js';
import type { TimerClock } from '../util/clock.js';

/** Milliseconds that an adapter waits for its replica. */
export const WAIT_MS = 5_000;

/** Calls `act` with a signal that aborts after this many milliseconds. @param late makes the reason of the abort */
export async function within<T>(
  clock: TimerClock,
  milliseconds: number,
  late: () => Error,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = clock.after(milliseconds, () => controller.abort(late()));
  try {
    return await act(controller.signal);
  } finally {
    timer.cancel();
  }
}

/**
 * Waits while the members agree, as at the start and after each new view. It does not wait where that may take long, for a lost
 * connection or in a part of the network without the quorum: there `submit` rejects at once.
 * @throws ReadOnlyError without agreement after 5 s, ConnectionClosedError
 */
export async function untilWritable<Command, Result>(
  replica: Replicated<Command, Result>,
  clock: TimerClock,
  options: WaitOptions = {},
): Promise<void> {
  if (replica.isWritable || replica.isSuspended || (replica.hasState && replica.isPartitioned)) return;
  if (options.signal) return await replica.writable(options);
  await within(
    clock,
    WAIT_MS,
    () => notReady(replica),
    (signal) => replica.writable({ signal }),
  );
}

/** Why nothing can be done here after the longest wait. */
export const notReady = ({ hasState }: { readonly hasState: boolean }): ReadOnlyError =>
  new ReadOnlyError(
    `${hasState ? 'the members here have not agreed yet' : 'this member does not have the state yet'}, after ${WAIT_MS} ms`,
  );
