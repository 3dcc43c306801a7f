/** What lets the time of a cluster pass. */
import type { Time } from './time.js';

export interface Driver extends Time {
  /** Hand-overs that have not arrived. */
  readonly underWay: number;
  /** Rises whenever something is asked for. */
  readonly asked: number;
  /** Turns in which nothing is asked for, until nothing more is to come. */
  readonly calmTurns: number;
  /** Resolves when everything that awaits has got as far as it can; time may pass between two of them. */
  nextTurn(): Promise<void>;
  /** Something was asked of the cluster from outside. */
  touch(): void;
  /** Time passes, and the process lives, until the promise has settled. @throws Error when the driver is stopped before */
  whilePending<T>(promise: Promise<T>): Promise<T>;
  /** Nothing happens any more. */
  stop(): void;
}

/** Why nothing happens any more. */
export const ENDED = 'the cluster has ended';

/** The machine's own, whatever a test replaces later. */
export const machine = {
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  now: performance.now.bind(performance),
  date: Date.now,
};

/** What a cluster, or the library, cannot do without; told apart from what takes its place. */
const needed = [
  [globalThis, 'setImmediate'],
  [globalThis, 'queueMicrotask'],
  [process, 'nextTick'],
] as const;
const own = needed.map(([holder, name]): unknown => Reflect.get(holder, name));

/** @throws Error when a test has replaced what nothing here can do without */
export function refuseFakes(): void {
  for (const [i, [holder, name]] of needed.entries())
    if (Reflect.get(holder, name) !== own[i]) throw new Error(`fake timers hold ${name}: the kit needs it`);
}
