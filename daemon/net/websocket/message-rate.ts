/**
 * How many messages of one WebSocket are read. Each costs the daemon something, however short it is, and a throttle of bytes does
 * not see the empty ones.
 */
import type { Clock, Timer } from '../../../lib/util/clock.js';

/** Milliseconds in which messages are counted together. */
const WINDOW_MS = 100;
/** Messages in a window: what comes then stays unread until the window is over. */
export const MAX_MESSAGES = 500;
/** Messages in a window that end the connection: what was read at once is taken at once, so not reading on does not bound it. */
export const MAX_AT_ONCE = 5_000;

export class MessageRate {
  private begin = -Infinity;
  private count = 0;
  private timer: Timer | null = null;

  /** @param resume called when more may be read */
  constructor(
    private readonly clock: Pick<Clock, 'now' | 'after'>,
    private readonly resume: () => void,
  ) {}

  /** Whether nothing more may be read at present. */
  get isHeld(): boolean {
    return this.timer !== null;
  }

  /** One more has come. @returns whether they are still few enough; otherwise the connection has to end */
  take(): boolean {
    const now = this.clock.now();
    const end = this.begin + WINDOW_MS;
    if (now >= end && !this.isHeld) {
      this.begin = now;
      this.count = 0;
    }
    this.count++;
    if (this.count === MAX_MESSAGES)
      this.timer = this.clock.after(this.begin + WINDOW_MS - now, () => this.free());
    return this.count <= MAX_AT_ONCE;
  }

  /** The connection has ended. */
  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private free(): void {
    this.timer = null;
    this.begin = -Infinity;
    this.resume();
  }
}
