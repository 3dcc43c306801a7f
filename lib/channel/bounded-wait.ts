/** Waiting for an answer, for so long and no longer. */
import { type Deferred, deferred, onAbort } from '../util/deferred.js';
import type { TimerEntry, TimerQueue } from '../util/timer-queue.js';
import type { WaitLimits } from './check.js';
import { TimeoutError } from './errors.js';

/** A promise with its limits. Settling it once ends them. */
export class BoundedWait<T> {
  private readonly answer: Deferred<T> = deferred<T>();
  private isSettled = false;
  private due: TimerEntry | null = null;
  private readonly signal: AbortSignal | undefined;
  private readonly off: (() => void) | undefined;
  private readonly onAbort = (): void => this.giveUp(this.signal?.reason as Error);

  /** @param gaveUp called when time or signal ended it, before it is rejected */
  constructor(
    private readonly alarm: TimerQueue,
    { timeoutMs, signal }: WaitLimits,
    private readonly gaveUp: () => void,
  ) {
    this.signal = signal;
    if (timeoutMs !== undefined) {
      this.due = alarm.after(timeoutMs, () => this.giveUp(new TimeoutError(`after ${timeoutMs} ms`)));
    }
    this.off = signal && onAbort(signal, this.onAbort);
  }

  get promise(): Promise<T> {
    return this.answer.promise;
  }

  get isOver(): boolean {
    return this.isSettled;
  }

  resolve(value: T): void {
    if (this.end()) this.answer.resolve(value);
  }

  reject(error: Error): void {
    if (this.end()) this.answer.reject(error);
  }

  private giveUp(error: Error): void {
    if (this.isSettled) return;
    this.gaveUp();
    this.reject(error);
  }

  private end(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    if (this.due) this.alarm.cancel(this.due);
    this.off?.();
    return true;
  }
}
