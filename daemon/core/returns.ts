/**
 * Sessions that come back, at their place in the order: the old private group leaves its groups, then the new one
 * joins those that it wants, so no view has both. And the ends of what is known of sessions: FORGET and ALIAS-END.
 */
import { nameField, parsePrivateGroup } from '../../lib/wire/name.js';
import type { EndCode } from '../../lib/wire/extension/end.js';
import type { Forget, Return } from '../../lib/wire/extension/daemon-frames.js';
import type { Acknowledgements } from './acknowledgements.js';
import type { GroupMembership } from './group-membership.js';
import type { LocalSession } from './group.js';
import type { Roster } from './roster.js';
import { highOf, lowOf, namesOf, type SessionRecord, type SessionRecords } from './session-records.js';

export class Returns {
  /** Sessions of this daemon that are resumable, by id: one, but for the time of a move within the daemon. */
  private readonly local = new Map<bigint, Set<LocalSession>>();
  /** Private groups whose end as an alias is on its way into the order. */
  private readonly ending = new Set<string>();

  constructor(
    private readonly records: SessionRecords,
    private readonly roster: Roster,
    private readonly views: GroupMembership,
    private readonly acknowledgements: Acknowledgements,
    private readonly host: {
      /** Ends a session that has no place here any more. */
      expel(session: LocalSession, code: EndCode): void;
      /** A private name may have become free for those who wait. */
      nameFreed(): void;
    },
  ) {}

  opened(session: LocalSession): void {
    const { resume } = session;
    if (resume === null) return;
    const sessions = this.local.get(resume.sid);
    if (sessions) sessions.add(session);
    else this.local.set(resume.sid, new Set([session]));
  }

  /** The session's end was ordered. */
  gone(session: LocalSession): void {
    const { resume } = session;
    if (resume === null) return;
    const sessions = this.local.get(resume.sid);
    sessions?.delete(session);
    if (sessions?.size === 0) this.local.delete(resume.sid);
    const record = this.records.of(resume.sid);
    if (record?.session === session) record.session = null;
  }

  /** Whether a session of this daemon has that id. */
  isHere(sid: bigint): boolean {
    return this.local.has(sid);
  }

  /** Whether the return of a session of this daemon that has that id is ordered, and not carried out yet. */
  isReturning(sid: bigint): boolean {
    for (const { resume } of this.local.get(sid) ?? []) if (resume?.isReturning === true) return true;
    return false;
  }

  /** The session of this daemon that has that id, is a member of what it wants, and may be taken over; null for none. */
  attached(sid: bigint): LocalSession | null {
    const record = this.records.of(sid);
    for (const session of this.local.get(sid) ?? []) {
      // The table knows it from its first request on.
      const isKnown = !record || record.session === session;
      if (isKnown && session.resume?.hasPlace === true && !session.leaving) return session;
    }
    return null;
  }

  /** Whether the name is free to be given to another session: as an alias it is somebody's. */
  isAlias(name: string, sid: bigint | null): boolean {
    const record = this.records.ofName(nameField(name), 0);
    return record !== undefined && record.sid !== sid;
  }

  /** Whether the end of that alias is on its way: it takes the name from whoever has it then. */
  isEnding(name: string): boolean {
    return this.ending.has(name);
  }

  /** The end of that alias is about to be ordered. */
  beginEnd(name: string): void {
    this.ending.add(name);
  }

  /**
   * A session returns. @param positions of the daemons in the view, by name
   * @yields units of work
   */
  *carryOut(told: Return, positions: ReadonlyMap<string, number>): Generator<number, void> {
    const { name, sid, attempt } = told;
    const session = this.roster.find(nameField(name), 0) ?? null;
    const record = this.records.of(sid) ?? this.create(told);
    record.toldName = null;
    if (this.isOutdated(record, told)) {
      if (session?.resume?.sid === sid && session.resume.attempt === attempt)
        this.host.expel(session, 'taken-over');
      return;
    }
    const daemon = positions.get(parsePrivateGroup(name)?.daemon ?? '');
    if (daemon === undefined) return;
    record.attempt = attempt;
    const before = this.nameBefore(record, told);
    const returned = this.nameToTell(before, told);
    const reached = record.name === null ? [before] : namesOf(record);
    this.records.rename(record, name);
    // Before its views: the new name is its own in them.
    this.views.record.renamed(sid, namesOf(record), reached);
    yield* this.move({ before, returned }, told, daemon, session);
    record.session = session?.resume?.sid === sid ? session : null;
    if (record.session !== null) {
      this.acknowledgements.returned(record.session, record);
      const { resume } = record.session;
      if (resume !== null) {
        resume.isBehindGap = false;
        resume.hasPlace = true;
      }
      resume?.sink.returned();
    }
    this.expelOthers(sid, attempt);
  }

  /** Where others had carried it out and parted, it comes again when its daemon, at which it waited, meets them. */
  private isOutdated(record: SessionRecord, { attempt, name }: Return): boolean {
    if (attempt !== record.attempt) return attempt < record.attempt;
    // Its daemon did not know of the name when they met.
    const isSame = record.name === '' && record.home === parsePrivateGroup(name)?.daemon;
    return !isSame && name !== record.name;
  }

  /** The table's name: of a try whose return was lost the client tells a name that never was. */
  private nameBefore(record: SessionRecord, { oldName }: Return): string {
    return record.name ?? oldName;
  }

  /**
   * Who has returned, as the views say it. After an exchange with a daemon that has started again the table may have no name
   * for the session: then the one that its token tells. Where somebody else is a member under that by now, it returns as
   * from its new name: nobody may take the other one for it, and its own client looks for the mark.
   */
  private nameToTell(before: string, { name, oldName }: Return): string {
    if (before !== '') return before;
    return this.views.members.has(oldName) ? name : oldName;
  }

  /** First the old name leaves, then the new one joins: no view has both. */
  private *move(
    { before, returned }: { readonly before: string; readonly returned: string },
    { name, groups }: Return,
    daemon: number,
    session: LocalSession | null,
  ): Generator<number, void> {
    if (before !== '' && before !== name) {
      yield* this.views.disconnect(before);
      this.views.subjects.forget(before);
    }
    for (const group of groups.toSorted((a, b) => (a < b ? -1 : 1))) {
      // Whoever is resumable gets records, and no whole views.
      const mode = { onDemand: session?.resume?.onDemand.has(group) ?? false, getsWhole: false };
      yield this.views.join(name, daemon, session, nameField(group), mode, returned);
    }
  }

  /** None of the order's daemons can carry it out, for one of them does not know how. */
  refuse({ name, sid }: Return): void {
    const session = this.roster.find(nameField(name), 0);
    if (session?.resume?.sid === sid) this.host.expel(session, 'forgotten');
  }

  /**
   * Forgets sessions. One that has come to another daemon since that was decided is not forgotten, nor one of which something
   * was ordered since: a return that is on its way does not know of it.
   * @param mayForget whether the daemon that says so may say it of the sessions of a home
   */
  forget({ sids, index }: Forget, mayForget: (home: string) => boolean): void {
    for (const sid of sids) {
      const record = this.records.of(sid);
      if (!record || !mayForget(record.home) || this.acknowledgements.hasRequestsBehind(record, index))
        continue;
      this.records.delete(record);
    }
  }

  /** @param counts whether all daemons of the view know how */
  endAlias(name: string, counts: boolean): void {
    if (counts) this.records.endName(name);
    if (this.ending.delete(name)) this.host.nameFreed();
  }

  /** What an exchange brought is in the table: sessions of this daemon that have moved elsewhere end here. */
  settle(): void {
    for (const [sid, sessions] of this.local) {
      const record = this.records.of(sid);
      if (!record) continue;
      record.session = null;
      for (const session of sessions) {
        if (record.name === session.privateGroup) record.session = session;
        else if ((session.resume?.attempt ?? 0) < record.attempt) this.host.expel(session, 'taken-over');
      }
    }
  }

  /**
   * Requests of the session were ordered in another part alone, by a try of which its client has not heard. It gets nothing of
   * them here, and their repeats are dropped. One that is not live yet comes to that place in its replay; one that is has to come
   * back, and learns that there is a gap.
   */
  endLive(sid: bigint): void {
    for (const session of this.local.get(sid) ?? []) {
      const { resume } = session;
      if (resume?.isCaughtUp === true && !resume.hasGap) this.host.expel(session, 'parted');
    }
  }

  private create({ sid, last }: Return): SessionRecord {
    const record = this.records.create(highOf(sid), lowOf(sid));
    record.last = last;
    return record;
  }

  /** A higher try waits for its own return. */
  private expelOthers(sid: bigint, attempt: number): void {
    for (const session of this.local.get(sid) ?? [])
      if ((session.resume?.attempt ?? 0) < attempt) this.host.expel(session, 'taken-over');
  }
}
