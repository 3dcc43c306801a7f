/** The time of `--timeout`: an abort that can be called off, and started again. */
import { Failure } from '../failure.js';
import { seconds } from '../units.js';
import { TIMEOUT_STATUS } from './exit-status.js';

export class WaitLimit implements Disposable {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  /**
   * Makes a limit that has not started yet.
   * @param milliseconds undefined: no limit
   * @param what did not happen in that time, as in `the lock was not acquired`
   */
  constructor(
    private readonly milliseconds: number | undefined,
    private readonly what: string,
  ) {}

  /** Aborted with a Failure when the time is over. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Starts the time, with its full length. */
  start(): void {
    this.stop();
    const { milliseconds } = this;
    if (milliseconds === undefined) return;
    this.timer = setTimeout(() => {
      this.controller.abort(new Failure(`${this.what} within ${seconds(milliseconds)}`, TIMEOUT_STATUS));
    }, milliseconds);
  }

  /** Stops the time: what was waited for is here. */
  stop(): void {
    clearTimeout(this.timer);
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
