/**
 * Sessions that outlive their connection, as the core knows them: whose requests are repeats, which are
 * stable, who has returned where, and what of it goes into the reports of an exchange.
 */
import type { Buffer } from 'node:buffer';
import {
  encodeAliasEnd,
  encodeForget,
  type Forget,
  type Return,
} from '../../lib/wire/extension/daemon-frames.js';
import type { EndCode } from '../../lib/wire/extension/end.js';
import { nameField } from '../../lib/wire/name.js';
import { Acknowledgements } from './acknowledgements.js';
import type { Source } from './batcher.js';
import type { StateExchange } from './exchange.js';
import type { GroupMembership } from './group-membership.js';
import type { LocalSession } from './group.js';
import { IdleSessions } from './idle-sessions.js';
import { mergedRecords } from './merged-records.js';
import type { HashKey } from './name-table.js';
import { type ResumeKey, ResumeKeys } from './resume-keys.js';
import type { ResumeHead } from './resume-report.js';
import { Returns } from './returns.js';
import type { Roster } from './roster.js';
import {
  MAX_RECORDS,
  namesOf,
  type ReportedSession,
  type SessionRecord,
  SessionRecords,
} from './session-records.js';
import { Sources } from './sources.js';

/** Session ids in one frame FORGET. */
const FORGOTTEN_AT_ONCE = 1000;

/** What the core does for it. */
export interface ResumptionHost {
  /** Puts a frame of this daemon into the order. */
  order(frame: Buffer): void;
  /** Ends a session that has no place here any more. */
  expel(session: LocalSession, code: EndCode): void;
  /** A private name may have become free for those who wait. */
  nameFreed(): void;
}

export class Resumption {
  readonly acknowledgements = new Acknowledgements();
  readonly records: SessionRecords;
  readonly sources: Sources;
  readonly keys: ResumeKeys;
  /** Whether all daemons of the view know of resumable sessions; while one does not, nobody returns. */
  isOn = false;
  /** Seconds since 1970: what was ordered in a session before that, the table may lack. */
  since = 0;
  /** Others of the view may know more, and returns wait. */
  private isExchanging = true;
  private readonly returns: Returns;
  private readonly idle: IdleSessions;
  /** Whether the table was looked through in this round of sweeps. */
  private isThrough = false;
  /** A frame FORGET of this daemon is on its way into the order of this view. */
  private isForgetting = false;
  /** Those of the view. */
  private daemons: ReadonlySet<string> = new Set();
  /** Whether this daemon is the first one of the view. */
  private isFirst = false;

  constructor(
    private readonly self: {
      readonly name: string;
      readonly hashKey: HashKey;
      readonly resumeKey?: ResumeKey;
    },
    roster: Roster,
    private readonly views: GroupMembership,
    private readonly host: ResumptionHost,
  ) {
    this.records = new SessionRecords(self.hashKey, (record, before) =>
      views.record.renamed(record.sid, namesOf(record), before),
    );
    this.sources = new Sources(this.records, roster, this.acknowledgements, self.name, (told, daemon) =>
      this.forget(told, daemon),
    );
    this.returns = new Returns(this.records, roster, views, this.acknowledgements, host);
    this.idle = new IdleSessions(this.records, (record) => this.isIdle(record));
    this.keys = new ResumeKeys(self.resumeKey ?? null);
  }

  opened(session: LocalSession): void {
    this.returns.opened(session);
  }

  /** A daemon view is over, and the next one begins. */
  viewEnded(): void {
    this.isExchanging = true;
    this.acknowledgements.viewEnded();
  }

  /** The end of a session of this daemon was ordered. */
  gone(session: LocalSession): void {
    this.returns.gone(session);
  }

  /** Whether a session of this daemon has that id. */
  isHere(sid: bigint): boolean {
    return this.returns.isHere(sid);
  }

  /** Whether the return of a session of this daemon that has that id is on its way. */
  isReturning(sid: bigint): boolean {
    return this.returns.isReturning(sid);
  }

  /** The private group that a session has before its return, empty for none. @param oldName as its client says */
  nameBefore(sid: bigint, oldName: string): string {
    return this.records.of(sid)?.name ?? oldName;
  }

  /** The session of this daemon that has that id, and can be taken over; null for none. */
  attached(sid: bigint): LocalSession | null {
    return this.returns.attached(sid);
  }

  /** Whether the session has another private group by now. */
  isStale(sid: bigint, name: string): boolean {
    if (!this.isOn) return false;
    const known = this.records.of(sid)?.name ?? null;
    return known !== null && known !== name;
  }

  /**
   * Source of the end of a session, if nothing of that was ordered before; else null. The table has to know whose the private group
   * was: the client may come back, and by then somebody else may have the name, and get what is sent to it.
   */
  sourceOfEnd({ resume }: LocalSession): Source | null {
    if (resume === null || (this.records.of(resume.sid)?.name ?? null) !== null) return null;
    const { high, low } = resume;
    return { high, low, number: 0 };
  }

  /** Whether the private group is one that a session had, and has no more. */
  isFormer(name: string): boolean {
    const record = this.records.ofName(nameField(name), 0);
    return record !== undefined && record.name !== name;
  }

  /**
   * Whether the private group may be given to a session of this daemon. One by which messages reach another session is
   * free when its end has come in the order: so no message reaches both.
   * @param sid of a session that returns
   */
  isFree(name: string, sid: bigint | null): boolean {
    if (this.returns.isEnding(name)) return false;
    if (!this.returns.isAlias(name, sid)) return true;
    this.returns.beginEnd(name);
    this.host.order(encodeAliasEnd(name));
    return false;
  }

  /** A session returns, in its turn. @param positions of the daemons in the view, by name @yields units of work */
  *carryOut(told: Return, positions: ReadonlyMap<string, number>): Generator<number, void> {
    if (this.isOn) yield* this.returns.carryOut(told, positions);
    else this.returns.refuse(told);
  }

  /** Messages for that private group reach no session that had it before. */
  endAlias(name: string): void {
    this.returns.endAlias(name, this.isOn);
  }

  /**
   * Orders the end of what is known of sessions that nobody has: those whose home is this daemon, and for the first daemon
   * of the view those whose home is gone. One call looks through a slice of the table, and orders one frame at most.
   * @param now milliseconds, rising
   * @param window milliseconds for which a session that has ended is known
   * @returns whether there is more to do, for a call some milliseconds later; else the next one begins a new round
   */
  sweep(now: number, window: number): boolean {
    if (!this.isOn || this.isExchanging) return false;
    if (!this.isThrough) this.isThrough = this.idle.look(now);
    const isCut = !this.isForgetting && this.orderForget(now, window);
    const hasMore = !this.isThrough || this.isForgetting || isCut;
    if (!hasMore) this.isThrough = false;
    return hasMore;
  }

  /** For the report of this daemon. @param now seconds since 1970 */
  head(now: number): ResumeHead {
    if (this.since === 0) this.since = now;
    return { since: this.since, records: this.records.size, keys: this.keys.reported };
  }

  /** All that is known, for the others. */
  *reported(): IterableIterator<ReportedSession> {
    for (const { sid, last, attempt, home, name, aliases } of this.records.values())
      yield { sid, last, attempt, home, name: name ?? '', aliases };
  }

  /**
   * All there was to exchange has been exchanged.
   * @param daemons of the view, in its order
   * @param now seconds since 1970, the same at all daemons
   * @yields units of work
   */
  *merge(exchange: StateExchange, daemons: readonly string[], now: number): Generator<number, void> {
    this.daemons = new Set(daemons);
    this.isFirst = daemons[0] === this.self.name;
    const heads = exchange.resumeHeads;
    const elsewhere: bigint[] = [];
    this.isOn = heads !== null;
    if (heads === null) {
      // Whoever does not know the rules carries out what the others would not: no two tables would be the same.
      this.records.clear();
      this.since = now;
    } else {
      this.keys.learn(heads.map(({ keys }) => keys));
      this.since = Math.min(...heads.map(({ since }) => since));
      if (!exchange.isOnePast)
        yield* mergedRecords(this.records, exchange, (sid) => {
          this.views.record.elsewhere(sid);
          elsewhere.push(sid);
        });
    }
    this.isExchanging = false;
    // A return that waited for this view must come before the end of what is known of its session.
    this.idle.viewBegins();
    this.isThrough = false;
    this.isForgetting = false;
    if (!exchange.isOnePast) this.returns.settle();
    for (const sid of elsewhere) this.returns.endLive(sid);
  }

  /**
   * A daemon may forget sessions of its own, and those whose home is gone, in the view in which it decides that: the next one
   * begins with what others know, and with the returns that waited.
   */
  private forget(told: Forget, daemon: string): void {
    if (daemon === this.self.name) this.isForgetting = false;
    if (told.view === this.views.record.tag)
      this.returns.forget(told, (home) => home === daemon || !this.daemons.has(home));
  }

  /**
   * Orders one frame: the next one waits until that is carried out.
   * @returns whether there may be more sessions to forget
   */
  private orderForget(now: number, window: number): boolean {
    const excess = this.records.size - MAX_RECORDS;
    const { sids, hasMore } = this.idle.take(
      FORGOTTEN_AT_ONCE,
      (since, taken) => now - since >= window || taken < excess,
    );
    if (sids.length === 0) return hasMore;
    this.isForgetting = true;
    const { tag: view, index } = this.views.record.history;
    this.host.order(encodeForget({ view, index, sids }));
    return hasMore;
  }

  /** Whose home it is comes first: of those of others there are many, and most of the own ones are here. */
  private isIdle(record: SessionRecord): boolean {
    return this.isOwn(record) && record.session === null && !this.isHere(record.sid);
  }

  private isOwn({ home }: SessionRecord): boolean {
    const { name } = this.self;
    return home === name || (this.isFirst && !this.daemons.has(home));
  }
}
