/**
 * A storm of joins is a few bytes for each of many sessions, turn after turn, and a system call costs more than the bytes.
 * So while many changes of views go out, sessions for which nothing else waits are written to at a beat of some
 * milliseconds. Writing waits; the order of what is written does not change.
 */
import type { Clock, Timer } from '../../lib/util/clock.js';

/** Changes within a window above which the beat begins. */
const MANY = 100;
const WINDOW = 100;
/** Milliseconds between two beats. */
export const BEAT = 5;

interface Writer {
  flush(): void;
}

export class RecordPace {
  private waiting: Writer[] = [];
  private timer: Timer | null = null;
  /** When the window began, and the changes until then. */
  private since = 0;
  private before = 0;
  private isStorm = false;
  private lastBeat = -Infinity;
  /** Whether everybody may be written to in this turn. */
  private isOpen = true;

  /**
   * @param changes told as records so far
   * @param touch has `flush` of the writer called in a turn to come
   */
  constructor(
    private readonly changes: () => number,
    private readonly touch: (writer: Writer) => void,
    private readonly clock: Clock,
  ) {}

  /** A turn has ordered everything and begins to write. */
  turn(): void {
    const now = this.clock.now();
    this.count(now);
    this.isOpen = !this.isStorm || now - this.lastBeat >= BEAT;
    if (this.isOpen) this.lastBeat = now;
  }

  /** Whether one for whom only records wait is to wait for the next beat; then it is touched again. */
  holds(writer: Writer): boolean {
    if (this.isOpen) return false;
    this.waiting.push(writer);
    this.timer ??= this.clock.after(Math.max(0, this.lastBeat + BEAT - this.clock.now()), this.beat);
    return true;
  }

  /** From now on nobody waits. */
  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.waiting = [];
    this.isOpen = true;
  }

  /** A window ends when it has too many, or after its time. */
  private count(now: number): void {
    const told = this.changes() - this.before;
    const isOver = now - this.since >= WINDOW;
    if (told > MANY) this.isStorm = now - this.since < (told / MANY) * WINDOW;
    else if (isOver) this.isStorm = false;
    if (!isOver && told <= MANY) return;
    this.since = now;
    this.before = this.changes();
  }

  private readonly beat = (): void => {
    this.timer = null;
    const { waiting } = this;
    this.waiting = [];
    for (const writer of waiting) this.touch(writer);
  };
}
