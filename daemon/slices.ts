/** Work of the core in slices: sockets and engine have their turn between two of them. */
import type { Core } from './core/core.js';
import type { Slices } from './core/work.js';

/** Milliseconds after which a slice takes no further step. */
export const SLICE_TIME = 8;
/** Units of work between two looks at the clock: well below a millisecond. */
export const STEP = 250;

export class CoreSlices implements Slices {
  private isScheduled = false;
  private isRunning = false;
  private isAsked = false;

  /**
   * @param core asked for when there is something to do
   * @param now milliseconds, rising
   */
  constructor(
    private readonly core: () => Pick<Core, 'step'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  size(): number {
    return STEP;
  }

  later(): void {
    this.isAsked = true;
    if (!this.isRunning) this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(this.run);
  }

  private readonly run = (): void => {
    const end = this.now() + SLICE_TIME;
    this.isScheduled = false;
    this.isRunning = true;
    do {
      this.isAsked = false;
      this.core().step();
    } while (this.isAsked && this.now() < end);
    this.isRunning = false;
    if (this.isAsked) this.schedule();
  };
}
