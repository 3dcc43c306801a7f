/**
 * Known sessions that nobody has any more, in the order in which they were found to be so. The table may have hundreds of
 * thousands of entries, so it is looked through in slices: each call does about the same work, whatever the table holds.
 */
import { Fifo } from '../../lib/util/fifo.js';
import type { SessionRecord, SessionRecords } from './session-records.js';

/** Places of the table in one slice: one to two milliseconds. */
export const SLOTS_AT_ONCE = 8192;

/** A session that was found without anybody who has it, at that time. It may have come back since. */
interface Found {
  readonly record: SessionRecord;
  readonly since: number;
}

export class IdleSessions {
  private readonly found = new Fifo<Found>();
  /** Place of the table where the next slice begins. */
  private cursor = 0;
  /** Counts daemon views: what was found in another one does not count. */
  private view = 0;

  /** @param isIdle whether this daemon is to forget the session, and does not have it */
  constructor(
    private readonly records: SessionRecords,
    private readonly isIdle: (record: SessionRecord) => boolean,
  ) {}

  /** Nobody is known to be idle in a new daemon view. */
  viewBegins(): void {
    this.found.clear();
    this.cursor = 0;
    this.view++;
  }

  /**
   * Looks through the next slice of the table. An entry that moves in the table meanwhile may be found a round later.
   * @param now milliseconds, rising @returns whether the table was looked through to its end: the next slice is its first
   */
  look(now: number): boolean {
    this.cursor = this.records.slice(this.cursor, SLOTS_AT_ONCE, (record) => this.note(record, now));
    return this.cursor === 0;
  }

  /**
   * Takes out sessions that are still idle, the longest first. One that is in the table afterwards is found again, as one that
   * is idle from then on.
   * @param most entries to take or to pass over
   * @param isDue whether to take a session that is idle since then, and as many were taken before it
   * @returns their ids, and whether there may be more
   */
  take(
    most: number,
    isDue: (since: number, taken: number) => boolean,
  ): { readonly sids: readonly bigint[]; readonly hasMore: boolean } {
    const sids: bigint[] = [];
    for (let left = most; left > 0; left--) {
      const first = this.found.peek();
      if (first === undefined) return { sids, hasMore: false };
      const { record, since } = first;
      if (record.idleSince === since && !isDue(since, sids.length)) return { sids, hasMore: false };
      this.found.shift();
      if (!this.isStill(first)) continue;
      record.idleSince = -1;
      sids.push(record.sid);
    }
    return { sids, hasMore: true };
  }

  private note(record: SessionRecord, now: number): void {
    if (!this.isIdle(record)) {
      record.idleSince = -1;
    } else if (record.idleSince < 0 || record.idleView !== this.view) {
      record.idleSince = now;
      record.idleView = this.view;
      this.found.push({ record, since: now });
    }
  }

  private isStill({ record, since }: Found): boolean {
    return record.idleSince === since && this.records.of(record.sid) === record && this.isIdle(record);
  }
}
