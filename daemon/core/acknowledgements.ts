/**
 * Which requests of resumable sessions are stable: every payload that holds some of them is at all daemons of the view, or
 * its view has ended here, and whoever came along has it. Each session gets the last number, at the end of a turn. Nothing of a
 * payload counts before all of it is carried out here: that may take many turns, and this daemon may be the only one.
 */
import { Buffer } from 'node:buffer';
import { Fifo } from '../../lib/util/fifo.js';
import { ACK_BYTES, writeAck } from '../../lib/wire/extension/resume.js';
import type { LocalSession } from './group.js';
import type { ResumeState } from './resume-state.js';
import type { SessionRecord } from './session-records.js';

/**
 * Turns until a session that brings requests in each of them gets its number. A number costs a write here and a read there, as
 * much as dozens of requests.
 */
const TURNS = 4;

/** The last request of a session in a payload. */
interface Ordered {
  readonly index: number;
  readonly record: SessionRecord;
  readonly number: number;
}

export class Acknowledgements {
  private readonly ordered = new Fifo<Ordered>();
  private readonly due = new Set<LocalSession>();
  /** Payloads of the view that all daemons have. */
  private stable = 0;
  /** Index of the payload with requests that is being carried out; infinite for none. */
  private underWay = Infinity;
  private view = 0;
  /** Called when sessions are to be told, outside of a turn too. */
  onDue: () => void = () => undefined;

  /** Whether a session is to be told. */
  get isDue(): boolean {
    return this.due.size > 0;
  }

  /**
   * Requests of the session up to `number` stand in the payload that is being carried out.
   * @param isOwn whether a session of this daemon has sent them. It may be one that returns in the same payload
   */
  delivered(record: SessionRecord, number: number, index: number, isOwn: boolean): void {
    if (this.isStable(record)) record.stable = record.last;
    this.underWay = index;
    record.index = index;
    record.view = this.view;
    if (isOwn) this.ordered.push({ index, record, number });
  }

  /** The payload that `delivered` was about is carried out. All daemons may have had it before. */
  carriedOut(): void {
    this.underWay = Infinity;
    const first = this.ordered.peek();
    if (first && first.index <= this.stable) this.onDue();
  }

  /** Whether requests of the session stand behind that place of the view in the order, as far as it was delivered. */
  hasRequestsBehind(record: SessionRecord, index: number): boolean {
    return record.view === this.view && record.index > index;
  }

  /** All daemons of the view have the payloads up to there. */
  stableUpTo(index: number): void {
    this.stable = Math.max(this.stable, index);
    this.settle();
    if (this.isDue) this.onDue();
  }

  /** The view is over: whoever continues has what was delivered here. */
  viewEnded(): void {
    for (const each of this.ordered.drain()) this.known(each);
    this.view++;
    this.stable = 0;
  }

  /** The session is the one of the record from now on. */
  returned(session: LocalSession, record: SessionRecord): void {
    this.reached(session, this.stableOf(record));
  }

  /** A request of the session got a number and no place in the order. */
  unplaced(session: LocalSession): void {
    this.reached(session, 0);
  }

  /** Number up to which the requests of a session are known to be stable. */
  stableOf(record: SessionRecord): number {
    return this.isStable(record) ? Math.max(record.stable, record.last) : record.stable;
  }

  /** Tells the sessions; at the end of a turn. One that is busy may stay due. */
  tell(): void {
    this.settle();
    if (this.due.size === 0) return;
    // One buffer for all of them.
    const frames = Buffer.allocUnsafe(this.due.size * ACK_BYTES);
    let at = 0;
    for (const session of this.due) {
      const { resume } = session;
      if (resume !== null && !session.leaving) {
        if (mayWait(resume)) continue;
        writeAck(frames, at, resume.stable);
        session.outlet.deliver(frames, at, at + ACK_BYTES, 1);
        at += ACK_BYTES;
      }
      this.due.delete(session);
    }
  }

  /** Index up to which payloads are stable, and carried out here. */
  private get reach(): number {
    return Math.min(this.stable, this.underWay - 1);
  }

  /** Takes out what is stable. */
  private settle(): void {
    const { reach } = this;
    for (let first = this.ordered.peek(); first && first.index <= reach; first = this.ordered.peek()) {
      this.ordered.shift();
      this.known(first);
    }
  }

  private known({ record, number }: Ordered): void {
    record.stable = Math.max(record.stable, number);
    if (record.session !== null) this.reached(record.session, number);
  }

  private isStable({ view, index }: SessionRecord): boolean {
    return view !== this.view || index <= this.reach;
  }

  private reached(session: LocalSession, number: number): void {
    const { resume } = session;
    if (resume === null) return;
    const known = Math.max(resume.stable, number);
    // What has no place behind it needs none.
    const stable = known >= resume.placed ? Math.max(known, resume.number) : known;
    if (stable === resume.stable) return;
    resume.stable = stable;
    this.due.add(session);
  }
}

/** Whether the session has brought requests since it was last looked at, and not waited for long. */
function mayWait(resume: ResumeState): boolean {
  const isBusy = resume.number !== resume.numberBefore;
  resume.numberBefore = resume.number;
  resume.turnsWaited = isBusy ? (resume.turnsWaited + 1) % TURNS : 0;
  return resume.turnsWaited > 0;
}
