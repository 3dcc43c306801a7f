/** Promises that somebody else settles, and giving up on them. */

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
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

/**
 * One listener for each signal, however many wait with it. A program hands one signal to everything that waits, and Node
 * warns of a leak from the eleventh listener on.
 */
const waiting = new WeakMap<AbortSignal, { readonly acts: Set<() => void>; readonly listener: () => void }>();

/** Calls `act` when the signal is aborted, once. The signal must not be aborted already. @returns takes it back */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  let entry = waiting.get(signal);
  if (!entry) {
    const acts = new Set<() => void>();
    const listener = (): void => {
      waiting.delete(signal);
      for (const each of acts) each();
    };
    entry = { acts, listener };
    waiting.set(signal, entry);
    signal.addEventListener('abort', listener, { once: true });
  }
  const { acts, listener } = entry;
  // The same function may be given twice.
  const own = (): void => act();
  acts.add(own);
  return () => {
    if (!acts.delete(own) || acts.size > 0 || waiting.get(signal)?.acts !== acts) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}
