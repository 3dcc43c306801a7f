/**
 * Joins, leaves, returns and ends of sessions that could not be ordered at once, and questions for lists that wait. Addresses take
 * turns, and of one address its ends come first: what one client asks makes the others wait for one change of it and not
 * for all. While somebody waits for room, nobody overtakes it.
 */
import type { Admission, WaitsFor } from './admission.js';
import { FairQueue } from './fair-queue.js';
import type { LocalSession } from './group.js';

/** Sessions that one look finds waiting still, before it is given up. */
const MAX_REFUSED = 64;

/** Calls of `age` after which the end of a session waits only for members that are far behind, and for nobody. */
const OVERDUE = 2;
const LAST = 120;

const waitsForOf = (age: number): WaitsFor =>
  age < OVERDUE ? 'behind' : age < LAST ? 'far-behind' : 'nobody';

export class Turns {
  private readonly queue = new FairQueue<LocalSession>();
  /** Ends of sessions that wait. */
  private readonly ends = new Map<LocalSession, { readonly safe: boolean; age: number }>();
  /** Whether somebody waits for room, and not only for members that are behind. */
  private isShort = false;
  /** Whose turn it is. */
  private current: LocalSession | null = null;

  /** @param order orders the end of a session */
  constructor(
    private readonly admission: Admission,
    private readonly order: (session: LocalSession, safe: boolean) => void,
  ) {}

  /** Sessions that wait. */
  get size(): number {
    return this.queue.size;
  }

  get hasEnds(): boolean {
    return this.ends.size > 0;
  }

  /** Whether there is room again for one who waits for it. */
  get isDue(): boolean {
    return this.isShort && !this.admission.isFull;
  }

  /** Whether a change of the session would overtake nobody. A connection that takes a session over in its turn may change that one, too. */
  isFree({ outlet }: LocalSession): boolean {
    return !this.isShort || this.current?.outlet === outlet;
  }

  /** A join, leave, return or question of the session waits; `retry` of its outlet is called when it is its turn. @returns false */
  wait(session: LocalSession): false {
    this.enter(session, false);
    return false;
  }

  /** The session ends: at once if there is room, and nobody waits for it. */
  end(session: LocalSession, safe: boolean): void {
    this.queue.delete(session.address, session);
    this.ends.set(session, { safe, age: 0 });
    if (this.isShort || !this.takeEnd(session)) this.enter(session, true);
  }

  /** To be called twice within the time that the end of a session may wait for members that are behind. */
  age(): void {
    for (const end of this.ends.values()) end.age++;
  }

  /** One turn after the other, as long as there is room. Of those that must wait on, a few are looked at. */
  take(): void {
    const { admission, queue } = this;
    let refused = 0;
    while (!admission.isFull && refused < Math.min(MAX_REFUSED, queue.size)) {
      const session = queue.next() as LocalSession;
      this.current = session;
      const isTaken = session.leaving ? this.takeEnd(session) : session.outlet.retry();
      this.current = null;
      refused = isTaken ? 0 : refused + 1;
      if (this.ends.has(session)) queue.add(session.address, session, true);
      else if (!session.leaving && session.outlet.hasDeferred) queue.add(session.address, session);
    }
    this.isShort = admission.isFull && queue.size > 0;
  }

  private enter(session: LocalSession, isEnd: boolean): void {
    this.isShort ||= this.admission.isFull;
    this.queue.add(session.address, session, isEnd);
  }

  /** @returns whether it was ordered */
  private takeEnd(session: LocalSession): boolean {
    const end = this.ends.get(session);
    if (!end || !this.admission.admitsEnd(session.member, waitsForOf(end.age))) return false;
    this.ends.delete(session);
    this.admission.beginEnd(session);
    this.order(session, end.safe);
    return true;
  }
}
