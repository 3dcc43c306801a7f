/** Tells the layer the time when a change may take too long, and not more often: most changes take milliseconds. */
import type { TimerClock } from '../../util/clock.js';
import { DeadlineTimer } from '../../util/deadline-timer.js';
import type { FlushLayer } from './layer.js';

export class StallTimer {
  private readonly timer: DeadlineTimer;
  private mustLook = false;
  /** Whether a stall was reported: then every message may change for whom the change waits. */
  private isStalled = false;

  constructor(layer: FlushLayer<unknown>, clock: TimerClock) {
    const deadlines = { dueAt: () => layer.dueAt, ring: () => layer.tick(clock.now()) };
    this.timer = new DeadlineTimer(clock, deadlines, false);
  }

  /** A change begins, or the next one does. */
  begun(): void {
    this.mustLook = true;
  }

  stalled(): void {
    this.isStalled = true;
    this.mustLook = true;
  }

  /** No change is under way. */
  over(): void {
    this.isStalled = false;
  }

  /** To be called after each message of the network. */
  update(): void {
    if (!this.mustLook) return;
    this.mustLook = this.isStalled;
    this.timer.update();
  }

  stop(): void {
    this.timer.stop();
  }
}
