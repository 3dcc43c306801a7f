/** Promises that somebody else settles, and giving up on them. */
import { onAbort } from '../mailbox/on-abort.js';

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // It may be rejected before anybody waits; who waits gets the rejection all the same.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** Waits for the promise or for the signal, whichever comes first; rejects with the signal's reason. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await promise;
  signal.throwIfAborted();
  const aborted = deferred<never>();
  const off = onAbort(signal, () => aborted.reject(signal.reason as Error));
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    off();
  }
}
