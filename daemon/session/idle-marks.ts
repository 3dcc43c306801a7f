/**
 * Marks for sessions that get no events: what came for others meanwhile must not carry their position out of the ring. So the
 * client of a quiet group that comes back has missed nothing, whatever else was going on.
 */
import type { Buffer } from 'node:buffer';
import { encodeMark } from '../../lib/wire/extension/position.js';
import type { DeliveryRecord } from '../core/delivery-record.js';
import type { DeliveryHistory } from '../core/history.js';
import type { Ring } from '../core/ring.js';

/** The mark of the place where a daemon is. @pre no batch is under way */
export const placeOf = ({ tag, index, hash }: DeliveryHistory): Buffer =>
  encodeMark({ tag, from: index, to: index, hash });

/** Marks within the age of the ring. A session that has had another one since the last of them gets the next one only. */
const MARKS_PER_AGE = 4;
/** The ring is renewed by a third between two marks, where bytes bound it. */
const PARTS = 3;
/** Milliseconds between two marks, at least. */
const MIN_TIME = 250;

export class IdleMarks {
  /** Number behind the last entry of the ring at that time. */
  private lastEnd = 0;
  /** Nothing has come since the last mark but one: everybody has a mark of this place. */
  private isKnown = false;

  /** @param lastTime when nobody needs one yet: milliseconds, rising */
  constructor(
    private readonly record: DeliveryRecord,
    private lastTime: number,
  ) {}

  /**
   * The mark of the place where this daemon is, if it is time for one.
   * @pre no batch is under way
   */
  next(now: number): Buffer | null {
    const { ring, history } = this.record;
    const isChanged = ring?.end !== this.lastEnd;
    if (ring === null || (this.isKnown && !isChanged) || !this.isDue(ring, now)) return null;
    this.isKnown = !isChanged;
    this.lastTime = now;
    this.lastEnd = ring.end;
    return placeOf(history);
  }

  private isDue(ring: Ring, now: number): boolean {
    const passed = now - this.lastTime;
    if (passed < MIN_TIME) return false;
    if (passed >= ring.limits.age / MARKS_PER_AGE) return true;
    const isFull = ring.bytes * 2 > ring.limits.bytes;
    return isFull && ring.end - this.lastEnd >= (ring.end - ring.first) / PARTS;
  }
}
