/**
 * Virtual time that runs by itself. The next task is due when everything that awaits has got as far as it can: when the
 * event loop has gone round twice and nothing was asked for.
 */
import { abortable } from '../../../lib/util/deferred.js';
import { type Driver, ENDED, machine } from './driver.js';
import { Loop } from './loop.js';

const QUIET_ROUNDS = 2;
/** Virtual milliseconds that pass although nobody waits for anything of the cluster. */
const IDLE_MS = 60_000;
/** Milliseconds that pass at most at once while timers of a test are tied to this time. */
const TIED_MS = 1;

export class VirtualTime extends Loop implements Driver {
  readonly calmTurns = 0;
  private seen = 0;
  private quiet = 0;
  private pending = 0;
  private touchedAt = 0;
  private immediate: NodeJS.Immediate | null = null;
  private looks: (() => void)[] = [];
  /** Whether those that look have looked since time has passed. */
  private isLookedAt = false;
  /** Aborts when nothing happens any more. */
  private readonly end = new AbortController();
  private isPassing = false;
  private tied: ((milliseconds: number) => void) | null = null;
  /** What has passed here and not there, less than a millisecond. */
  private owed = 0;

  nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.looks.push(resolve);
      this.schedule();
    });
  }

  touch(): void {
    this.touchedAt = this.now;
    this.isLookedAt = false;
    this.schedule();
  }

  async whilePending<T>(promise: Promise<T>): Promise<T> {
    this.pending++;
    this.touch();
    try {
      return await abortable(promise, this.end.signal);
    } finally {
      this.pending--;
      this.touchedAt = this.now;
    }
  }

  /** Timers of a test pass with this time. @param advance lets as many milliseconds pass there */
  tie(advance: (milliseconds: number) => void): void {
    this.tied = advance;
  }

  stop(): void {
    this.end.abort(new Error(ENDED));
    this.clear();
    if (this.immediate) machine.clearImmediate(this.immediate);
    this.immediate = null;
    for (const look of this.looks.splice(0)) look();
  }

  /** Something is asked for from outside when time has stopped. */
  protected override added(): void {
    if (this.immediate === null && !this.isPassing) this.touch();
  }

  private schedule(): void {
    if (this.immediate !== null || this.end.signal.aborted) return;
    this.immediate = machine.setImmediate(() => {
      this.immediate = null;
      this.look();
    });
  }

  private look(): void {
    if (this.seen === this.asked) {
      this.quiet++;
    } else {
      this.quiet = 0;
      this.isLookedAt = false;
    }
    this.seen = this.asked;
    if (this.quiet < QUIET_ROUNDS) {
      this.schedule();
      return;
    }
    this.quiet = 0;
    if (this.looks.length > 0 && !this.isLookedAt) {
      this.isLookedAt = true;
      for (const look of this.looks.splice(0)) look();
      this.schedule();
      return;
    }
    this.isLookedAt = false;
    this.isPassing = true;
    // A task that throws is no reason to stop.
    let isMore = true;
    try {
      isMore = this.pass(this.pending > 0 ? Infinity : this.touchedAt + IDLE_MS);
    } finally {
      this.isPassing = false;
      // What a task has asked for itself is no reason to wait: what awaits it has its rounds.
      this.seen = this.asked;
      if (isMore || this.looks.length > 0) this.schedule();
    }
  }

  /** @returns whether there is more, up to and at `end` */
  private pass(end: number): boolean {
    const { next, tied } = this;
    if (tied === null) return this.step(end);
    const before = this.now;
    if (before >= end) return false;
    if (next > before + TIED_MS) this.now += TIED_MS;
    else this.step(end);
    this.owed += this.now - before;
    const whole = Math.floor(this.owed);
    this.owed -= whole;
    if (whole > 0) tied(whole);
    return true;
  }
}
