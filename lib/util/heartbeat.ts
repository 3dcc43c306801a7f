/**
 * When one side of a connection has been silent for too long, looked at twice in each interval. What was sent and heard comes
 * as counts that rise, so that a message costs nothing here.
 */

/** Bounds of an interval: each costs a timer that looks twice in it. */
const MIN_HEARTBEAT_MS = 200;
const MAX_HEARTBEAT_MS = 600_000;

/** The interval that is nearest to this one within the bounds. */
export const boundedHeartbeat = (milliseconds: number): number =>
  Math.min(MAX_HEARTBEAT_MS, Math.max(MIN_HEARTBEAT_MS, milliseconds));

/** Looks in an interval. */
const LOOKS = 2;
/** Looks without a sign of the other side after which it counts as silent: 2.5 intervals. */
const SILENT_LOOKS = 5;

/** What is to be done after a look: send PING, give the other side up, or nothing. */
export type HeartbeatStep = 'ping' | 'silent' | null;

export class Heartbeat {
  /** Time from one look to the next. */
  readonly lookMs: number;
  private quiet = 0;
  private idle = 0;

  /**
   * @param intervalMs how long either side may be silent before it sends PING
   * @param lookedAt now, by a clock that rises @param sent, @param heard the counts so far
   */
  constructor(
    intervalMs: number,
    private lookedAt: number,
    private sent: number,
    private heard: number,
  ) {
    this.lookMs = intervalMs / LOOKS;
  }

  /**
   * To be called every `lookMs`. A look that is late by more than half an interval counts nothing: this side stood still, and
   * what has come is not read yet.
   * @param isHeld whether this side does not read at present
   */
  look(now: number, sent: number, heard: number, isHeld: boolean): HeartbeatStep {
    const isLate = now - this.lookedAt > 2 * this.lookMs;
    this.lookedAt = now;
    if (heard !== this.heard || isHeld) this.quiet = 0;
    else if (!isLate) this.quiet++;
    this.idle = sent === this.sent ? this.idle + 1 : 0;
    this.sent = sent;
    this.heard = heard;
    if (this.quiet >= SILENT_LOOKS) return 'silent';
    if (this.idle < LOOKS) return null;
    this.idle = 0;
    return 'ping';
  }
}
