/** What sessions submit: each request is checked, and gets its place in the order, or goes back to its sender, or waits. */
import type { Buffer } from 'node:buffer';
import { encodeReturn, encodeSubject } from '../../lib/wire/extension/daemon-frames.js';
import { normalizeHeader } from '../../lib/wire/header.js';
import { HEADER_BYTES } from '../../lib/wire/limits.js';
import { isGroupName, nameField, readName } from '../../lib/wire/name.js';
import { encodeReject } from '../../lib/wire/reject.js';
import { checkGroupField, encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS, SAFE_MESS } from '../../lib/wire/service.js';
import type { Admission, WaitsFor } from './admission.js';
import type { Batcher } from './batcher.js';
import type { CoreCounters } from './counters.js';
import type { GroupMembership } from './group-membership.js';
import type { LocalSession } from './group.js';
import type { Groups } from './groups.js';
import { mayDo } from './payload.js';
import { joinData, wantsOnDemand } from './requests.js';
import type { ResumeState } from './resume-state.js';
import type { Resumption } from './resumption.js';
import { ReturnTurns } from './return-turns.js';
import type { TableLimits, UnderWay } from './table-limits.js';
import type { Turns } from './turns.js';

/** A frame where it arrived. */
interface Frame {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

interface Parts {
  readonly groups: Groups;
  readonly views: GroupMembership;
  readonly underWay: UnderWay;
  readonly turns: Turns;
  readonly admission: Admission;
  readonly resumption: Resumption;
  readonly counters: CoreCounters;
  readonly pack: Batcher;
}

export class Submission {
  /** Those that come back, and wait for it. */
  readonly returns: ReturnTurns;

  /** @param disconnect orders the end of a session that asks for it */
  constructor(
    private readonly parts: Parts,
    private readonly limits: () => TableLimits,
    private readonly disconnect: (session: LocalSession) => void,
  ) {
    this.returns = new ReturnTurns(parts);
  }

  /** Takes `bytes[start, end)`. @returns false for a join or leave that has to wait */
  submit(session: LocalSession, bytes: Buffer, start: number, end: number, waitsFor: WaitsFor): boolean {
    if (session.leaving) return true;
    const { resume } = session;
    let isTaken = false;
    if (resume !== null) resume.number++;
    try {
      isTaken = this.take(session, bytes, start, end, waitsFor);
    } finally {
      if (resume !== null) this.numbered(session, resume, isTaken);
    }
    if (isTaken) this.parts.counters.submitted++;
    return isTaken;
  }

  /** The session of before with that private group is this one from its place in the order on. */
  comeBack(
    session: LocalSession,
    oldName: string,
    groups: readonly string[],
    refused: Iterable<string>,
  ): void {
    const { resume, privateGroup: name, subject } = session;
    if (resume === null || session.leaving) return;
    // One whose connection has changed may still be in them.
    const had = this.groupsOf(session);
    for (const group of refused) if (had.has(group)) this.leave(session, group);
    const { sid, attempt } = resume;
    resume.isReturning = true;
    this.returns.begin(session, oldName, groups);
    const last = this.parts.resumption.records.of(sid)?.last ?? 0;
    if (subject !== null) this.order(encodeSubject({ name, subject }));
    this.order(encodeReturn({ name, sid, attempt, last, oldName, groups }));
  }

  /** The groups that are full for a session that returns, each with the number in its reject frame. @param oldName as for `comeBack` */
  fullFor(session: LocalSession, oldName: string, names: Iterable<string>): Map<string, number> {
    const { underWay, views, resumption } = this.parts;
    const known = session.resume && resumption.records.of(session.resume.sid)?.name;
    const had = views.members.get(known || oldName)?.groups;
    return underWay.refusedOf(session, names, had, this.limits());
  }

  /**
   * Groups that the session is in, and those that it may be in when what is under way is carried out: the joins of one whose
   * connection has changed, and its return from before.
   */
  groupsOf(session: LocalSession): Set<string> {
    const present = [...(session.member?.groups ?? [])].map(({ name }) => name);
    return new Set([...present, ...this.parts.admission.joinsOf(session)]);
  }

  private leave(session: LocalSession, name: string): void {
    this.parts.admission.begin(session, name, this.parts.groups.find(nameField(name), 0), false);
    this.order(encodeRequest(LEAVE_MESS, session.privateGroup, [name]));
  }

  /** A request of a resumable session has a number also where it has no place in the order. */
  private numbered(session: LocalSession, resume: ResumeState, isTaken: boolean): void {
    if (!isTaken) resume.number--;
    else if (resume.placed < resume.number) this.parts.resumption.acknowledgements.unplaced(session);
  }

  private take(
    session: LocalSession,
    bytes: Buffer,
    start: number,
    end: number,
    waitsFor: WaitsFor,
  ): boolean {
    normalizeHeader(bytes, start);
    const service = bytes.readInt32LE(start);
    if (session.permit !== null && !mayDo(session.permit, service, bytes, start)) {
      this.parts.counters.refused++;
      this.refuse(session, bytes, start, end);
    } else if ((service & (JOIN_MESS | LEAVE_MESS | KILL_MESS)) === 0) {
      this.place(session, bytes, start, end, (service & SAFE_MESS) !== 0);
    } else if ((service & KILL_MESS) !== 0) {
      // The name in the request is ignored: nobody can disconnect another session [daemon 2.2].
      this.disconnect(session);
    } else {
      return this.change(session, service & (JOIN_MESS | LEAVE_MESS), { bytes, start, end }, waitsFor);
    }
    return true;
  }

  /** A join or leave: only the first name counts, data is ignored [daemon 2.2]. Illegal names get no answer. */
  private change(session: LocalSession, kind: number, request: Frame, waitsFor: WaitsFor): boolean {
    const { bytes, start, end } = request;
    checkGroupField(bytes, start);
    const name = readName(bytes, start + HEADER_BYTES);
    if (!isGroupName(name)) {
      this.parts.counters.illegalGroupNames++;
      return true;
    }
    const isJoin = kind !== LEAVE_MESS;
    const onDemand = isJoin && session.isCompact && wantsOnDemand(bytes, start);
    const data = isJoin ? joinData(session, onDemand) : [];
    const frame = encodeMessage(kind, session.privateGroup, [name], 0, data);
    const group = this.parts.groups.find(frame, HEADER_BYTES);
    const refusal = isJoin ? this.parts.underWay.refusalOf(session, name, group, this.limits()) : null;
    if (refusal !== null) {
      this.refuse(session, bytes, start, end, refusal);
      return true;
    }
    const { turns, admission } = this.parts;
    if (!turns.isFree(session) || !admission.admits(group, waitsFor, isJoin ? session : null)) {
      return turns.wait(session);
    }
    if (isJoin) this.parts.underWay.begin(name, group);
    // A member's subject is known everywhere already.
    const { subject, privateGroup } = session;
    if (isJoin && subject !== null && session.member === null)
      this.order(encodeSubject({ name: privateGroup, subject }));
    admission.begin(session, name, group, isJoin, onDemand);
    this.place(session, frame, 0, frame.length, false);
    return true;
  }

  /** A refused request has no place in the order: it goes back to its sender [session 4.9]. */
  private refuse(session: LocalSession, bytes: Buffer, start: number, end: number, reason?: number): void {
    this.parts.views.closeRun();
    const frame = encodeReject(bytes, start, end, reason);
    session.outlet.deliver(frame, 0, frame.length, 1);
  }

  /** A request of the session gets a place in the order. */
  private place(session: LocalSession, bytes: Buffer, start: number, end: number, safe: boolean): void {
    const { resume } = session;
    if (resume !== null) resume.placed = resume.number;
    this.parts.pack.add(bytes, start, end, safe, resume);
  }

  /** A frame of this daemon. */
  private order(frame: Buffer): void {
    this.parts.pack.add(frame, 0, frame.length, false);
  }
}
