/** What makes a session of this daemon resumable: its id, and how far its requests have come. */
import type { EndCode } from '../../lib/wire/extension/end.js';

/** The way to a resumable session, beside the one of all sessions. */
export interface ResumeSink {
  /** The session has no place here any more. It gets the reason, and nothing else is delivered to it. */
  expel(code: EndCode): void;
  /** Its return was carried out: it is a member of the groups that it wants. */
  returned(): void;
}

export class ResumeState {
  /** The id as two unsigned words. */
  readonly high: number;
  readonly low: number;
  /** Number of the last request that was taken. */
  number = 0;
  /** Number of the last request that has, or will have, a place in the order; one that was refused has none. */
  placed = 0;
  /** Groups whose lists it wants on demand, of those that it joins when it returns. */
  onDemand: ReadonlySet<string> = new Set();
  /** Its return is ordered, and not carried out yet. */
  isReturning = false;
  /** It is a member of what it wants: it is new, or its return was carried out. */
  hasPlace: boolean;
  /** It returns, and something is or may be missing: its first lists say so. */
  isBehindGap = false;
  /** Something is or may be missing since it came back, and its client knows. */
  hasGap = false;
  /** Its client gets what the core delivers, and so follows each group that it is a member of. */
  isCaughtUp = false;
  /** Milliseconds for which it is kept when its connection ends. */
  holdMs = 0;
  /** Called when another connection has taken the session over. */
  onReplaced: () => void = () => undefined;
  /** Its requests up to this number are stable. */
  stable = 0;
  /** What `number` was when the session was due to hear what is stable, and the turns that this has waited since. */
  numberBefore = 0;
  turnsWaited = 0;

  /** @param attempt 0 for a new session; higher with every try to come back */
  constructor(
    readonly sid: bigint,
    public attempt: number,
    public sink: ResumeSink,
  ) {
    this.high = Number((sid >> 32n) & 0xffff_ffffn);
    this.low = Number(sid & 0xffff_ffffn);
    this.hasPlace = attempt === 0;
  }

  /** The next request has this number. */
  continueWith(next: number): void {
    this.number = next - 1;
    this.placed = Math.min(this.placed, this.number);
  }
}
