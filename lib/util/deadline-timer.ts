/**
 * One timer for the earliest of many deadlines. Arming it again with every deadline that goes would cost more than a call
 * for nothing, so it is armed again only for an earlier one.
 */
import type { Timer, TimerClock } from './clock.js';

/** Longest delay that setTimeout takes. */
const LONGEST_MS = 2 ** 31 - 1;

export interface Deadlines {
  /** The earliest one by the clock; Infinity when there is none. */
  dueAt(): number;
  /** Called at a deadline, or when one that was has gone. */
  ring(): void;
}

export class DeadlineTimer {
  private timer: Timer | null = null;
  private armedFor = Infinity;
  /** Whether the process stays for it. */
  private isHeld = true;
  private isRinging = false;

  /** @param keepsAlive whether the process stays as long as there is a deadline */
  constructor(
    private readonly clock: TimerClock,
    private readonly deadlines: Deadlines,
    private readonly keepsAlive = true,
  ) {}

  /** To be called when the earliest deadline may be another one. */
  update(): void {
    if (this.isRinging) return;
    const at = this.deadlines.dueAt();
    if (at < this.armedFor) this.arm(at);
    else this.hold(at !== Infinity);
  }

  /** It rings no more. */
  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.armedFor = -Infinity;
  }

  private arm(at: number): void {
    this.timer?.cancel();
    this.armedFor = at;
    // Rounded up: Node cuts the part of a millisecond off, and what comes early would only be armed again.
    const delay = Math.min(Math.max(0, Math.ceil(at - this.clock.now())), LONGEST_MS);
    this.timer = this.clock.after(delay, () => this.ring());
    this.isHeld = true;
    this.hold(true);
  }

  private hold(isNeeded: boolean): void {
    const isHeld = isNeeded && this.keepsAlive;
    if (!this.timer || isHeld === this.isHeld) return;
    this.isHeld = isHeld;
    if (isHeld) this.timer.ref();
    else this.timer.unref();
  }

  private ring(): void {
    this.timer = null;
    this.armedFor = Infinity;
    this.isRinging = true;
    try {
      this.deadlines.ring();
    } finally {
      this.isRinging = false;
      this.update();
    }
  }
}
