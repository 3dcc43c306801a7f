/** What has happened in the daemon: the last events for feeds that begin, and each one for those that are there. */
import { Fifo } from '../../../lib/util/fifo.js';
import type { EventLine } from '../console/core/lines.js';
import { FEED_INTERVAL, KEPT_EVENTS, MAX_EVENTS } from '../limits.js';

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** An event without its number and its time. */
export type Happening = Without<EventLine, 't' | 'n' | 'at'>;

export class EventLog {
  /** Views of groups since the beginning, those that were skipped among them. */
  views = 0;
  private readonly kept = new Fifo<string>();
  private last = 0;
  private inSecond = 0;
  private secondEnds = 0;
  private skipped = 0;

  /**
   * @param date milliseconds since 1970
   * @param told called with each line
   */
  constructor(
    private readonly date: () => number,
    private readonly told: (line: string) => void,
  ) {}

  /** The last events, one line each. */
  get lines(): readonly string[] {
    return this.kept.items();
  }

  add(event: Happening): void {
    if (event.kind === 'view') this.views++;
    const at = this.date();
    if (at >= this.secondEnds || at < this.secondEnds - FEED_INTERVAL) this.beginSecond(at);
    // A daemon view is rare, and what everybody looks for.
    if (++this.inSecond > MAX_EVENTS && event.kind !== 'daemon-view') this.skipped++;
    else this.write(event, at);
  }

  /** Tells how many were skipped. To be called each second. */
  tellSkipped(): void {
    const count = this.skipped;
    this.skipped = 0;
    if (count > 0) this.write({ kind: 'skipped', count }, this.date());
  }

  private beginSecond(at: number): void {
    this.tellSkipped();
    this.secondEnds = at + FEED_INTERVAL;
    this.inSecond = 0;
  }

  private write(event: Happening, at: number): void {
    const line = `${JSON.stringify({ t: 'event', n: ++this.last, at, ...event })}\n`;
    this.kept.push(line);
    if (this.kept.length > KEPT_EVENTS) this.kept.shift();
    this.told(line);
  }
}
