/** How long a member of the registry leaves it to others to speak or vote for it, and waits for those who say nothing. */
import type { TimerEntry, TimerQueue } from '../util/timer-queue.js';
import { SILENCE_LIMIT_MS, SPEAKER_LIMIT_MS } from './limits.js';
import type { RegistryMachine } from './registry/machine.js';

export class SpeakingTurns {
  private nudge: TimerEntry | null = null;
  private silence: TimerEntry | null = null;
  private isSuspended = false;

  constructor(
    private readonly alarm: TimerQueue,
    private readonly machine: () => Pick<RegistryMachine, 'nudge' | 'settle'>,
  ) {}

  /** Somebody else speaks for this member. @param place of this member among those who can */
  waitForOther(place: number): void {
    this.alarm.cancel(this.nudge);
    if (!this.isSuspended)
      this.nudge = this.alarm.after(place * SPEAKER_LIMIT_MS, () => this.machine().nudge());
  }

  /** An exchange is under way. */
  waitForSilent(): void {
    this.alarm.cancel(this.silence);
    if (!this.isSuspended) this.silence = this.alarm.after(SILENCE_LIMIT_MS, () => this.machine().settle());
  }

  /** Nobody is waited for any more. */
  end(): void {
    for (const waits of [this.nudge, this.silence]) this.alarm.cancel(waits);
  }

  /** While the connection is lost nothing can be heard, so nobody is silent. */
  suspend(isSuspended: boolean): void {
    this.isSuspended = isSuspended;
    if (isSuspended) this.end();
  }
}
