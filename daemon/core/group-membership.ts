/**
 * The views of the groups: joins, leaves, disconnects and changes of the daemon view, each in its place in the order,
 * change the groups, and the sessions that asked for membership messages are told [daemon 2.2 to 2.7].
 */
import type { Buffer } from 'node:buffer';
import { encodeRegularMembership, encodeSelfLeave, encodeTransition } from '../../lib/wire/membership.js';
import { readName } from '../../lib/wire/name.js';
import { CAUSED_BY_DISCONNECT, CAUSED_BY_JOIN, CAUSED_BY_LEAVE } from '../../lib/wire/service.js';
import { type Group, type LocalSession, Member, type Place } from './group.js';
import { type Groups, sortedByName } from './groups.js';
import { deliverList } from './member-lists.js';
import type { DeliveryRecord } from './delivery-record.js';
import type { JoinMode } from './request.js';
import { Subjects } from './subjects.js';
import { ViewRuns } from './view-runs.js';
import { type ViewWatcher, watchedChange } from './watched-view.js';

/** Members that are looked at between two yields. */
const STEP = 64;
/** Units of work that a change of a group takes, whoever hears of it. */
const CHANGE_COST = 4;

/** What the views of the groups ask of those around them. */
export interface MembershipHost {
  /** Members of a group above which nobody gets whole views. */
  readonly maxPlainView: number;
  /** There are records to be delivered at the end of the turn. */
  hasRecords(): void;
  /** A record was made of a change. */
  recorded(): void;
  /** The group has more members than whole views may have, and there are members here that get those. */
  outgrown(group: Group): void;
}

const WHOLE: JoinMode = { onDemand: false, getsWhole: true };

export class GroupMembership {
  /** Everybody who is in a group, here or elsewhere. */
  readonly members = new Map<string, Member>();
  /** All memberships, here or elsewhere. */
  memberships = 0;
  /** Groups with members at this daemon. */
  ownGroups = 0;
  /** The daemons of the view whose exchange was completed last, in its order. */
  places: readonly Place[] = [];
  /** Groups that lost members since then. */
  losing: readonly Group[] = [];
  readonly subjects = new Subjects();
  /** Called with each view of a group, whoever hears of it; null: with none. */
  watcher: ViewWatcher | null = null;
  private readonly runs: ViewRuns;
  /** Groups whose lists were sent in this turn because they were asked for. */
  private readonly listed = new Map<LocalSession, Set<Group>>();

  constructor(
    private readonly groups: Groups,
    private readonly host: MembershipHost,
    readonly record: DeliveryRecord,
  ) {
    this.runs = new ViewRuns(() => this.host.hasRecords());
  }

  /**
   * @param daemon position of the session's daemon in the daemon view
   * @param session the session when it is one of this daemon's
   * @param returned the private group that it had when it returns from elsewhere; one that is a member already gets it
   * the group
   * @returns units of work that this took
   */
  join(
    privateGroup: string,
    daemon: number,
    session: LocalSession | null,
    name: Buffer,
    mode: JoinMode = WHOLE,
    returned: string | null = null,
  ): number {
    const group =
      this.groups.find(name, 0) ?? this.groups.create(name.toString('latin1', 0, name.indexOf(0)));
    const place = this.places[daemon] as Place;
    const member = this.members.get(privateGroup) ?? this.enter(privateGroup, place, session, mode.getsWhole);
    if (member.groups.has(group)) {
      if (returned === null) return CHANGE_COST;
      this.record.shown(group, privateGroup);
      if (session && session.resume?.isCaughtUp !== true) this.show(group, session, member);
      return costOf(group);
    }
    this.runs.turnTo(group);
    const index = group.add(member);
    this.memberships++;
    if (session && group.local.length === 1) this.ownGroups++;
    if (session?.isCompact && mode.onDemand) (group.onDemand ??= new Set()).add(session);
    this.announce(group, CAUSED_BY_JOIN, member, index, returned);
    if (session?.isCompact && !session.leaving) {
      this.runs.begin(group, session);
      deliverList(group, session, 'join', this.subjects, index);
    }
    this.checkSize(group);
    return costOf(group);
  }

  /** A resumable session hears of the end of its leave also where it is not in the group. */
  leave(privateGroup: string, name: Buffer, session: LocalSession | null): void {
    const group = this.groups.find(name, 0);
    const member = this.members.get(privateGroup);
    const isMember = group !== undefined && member?.groups.has(group) === true;
    if (isMember) this.remove(group, CAUSED_BY_LEAVE, member);
    else this.record.leftInVain(readName(name, 0), privateGroup);
    // The answer to one who is not in the group overtakes no record of another one.
    if (!isMember) this.runs.close();
    const isTold = isMember || (session !== null && session.resume !== null);
    if (isTold && session?.membership && !session.leaving) {
      const frame = encodeSelfLeave(readName(name, 0));
      session.outlet.deliver(frame, 0, frame.length, 1);
    }
    if (isMember && member.groups.size === 0) this.exit(member);
  }

  /**
   * Each of its groups gets a message of its own, in byte order of the names.
   * @yields units of work: it may be in thousands
   */
  *disconnect(privateGroup: string): Generator<number, void> {
    const member = this.members.get(privateGroup);
    if (!member) return;
    for (const group of yield* sortedByName([...member.groups])) {
      const cost = costOf(group);
      this.remove(group, CAUSED_BY_DISCONNECT, member);
      yield cost;
    }
    this.exit(member);
  }

  /** Delivers the records that were gathered. Due before anything else is delivered. */
  closeRun(): void {
    this.runs.close();
  }

  endTurn(): void {
    this.runs.close();
    if (this.listed.size > 0) this.listed.clear();
  }

  /** The session asks for the list of the group whose name stands in the field. One that is not in it gets no answer. @returns no work that is left */
  list(session: LocalSession, field: Buffer): null {
    const group = this.groups.find(field, 0);
    if (!group || !session.isCompact || session.leaving || !session.member?.groups.has(group)) return null;
    const listed = this.listed.get(session);
    if (listed) listed.add(group);
    else this.listed.set(session, new Set([group]));
    this.runs.close();
    this.sendList(group, session);
    return null;
  }

  /** Whether the session has asked for that list in this turn, and got it: a question is short, and a list may be long. */
  hasListed(session: LocalSession, field: Buffer): boolean {
    const listed = this.listed.get(session);
    const group = listed && this.groups.find(field, 0);
    return group !== undefined && listed?.has(group) === true;
  }

  /** The list as it is, as the answer to a question. From now on the session has it. */
  sendList(group: Group, session: LocalSession): void {
    group.onDemand?.delete(session);
    deliverList(group, session, 'answer', this.subjects);
  }

  /** Members that get whole views have to leave a group that is too large for those. */
  checkSize(group: Group): void {
    if (group.isPlain && group.members.length > this.host.maxPlainView) this.host.outgrown(group);
  }

  /**
   * The daemon view is over: groups with members that are out of reach give the transitional signal, once until their
   * next view, in byte order of the names [daemon 2.7.1].
   * @param stays whether the daemon of that name continues with this one
   * @yields units of work
   */
  *transition(stays: (daemon: string) => boolean): Generator<number, void> {
    this.runs.close();
    this.record.signalling(true);
    const leaving = new Set(this.places.filter(({ daemon }) => !stays(daemon)));
    const told: Group[] = [];
    const others: Group[] = [];
    let count = 0;
    for (const { place, groups } of leaving.size > 0 ? this.members.values() : []) {
      if (++count % STEP === 0) yield STEP / 8;
      if (!leaving.has(place)) continue;
      for (const group of groups) {
        if (++count % STEP === 0) yield STEP / 8;
        if (group.inTransition) continue;
        group.inTransition = true;
        // What is noted has to stand in one order at all daemons, whoever listens where.
        (this.record.isOn || isHeard(group) ? told : others).push(group);
      }
    }
    const sorted = yield* sortedByName(told);
    for (const group of sorted) yield this.signal(group);
    this.losing = [...this.losing, ...sorted, ...others];
    this.record.signalling(false);
  }

  /** @returns how many got it */
  signal(group: Group): number {
    this.record.signal(group);
    return this.tell(group, () => encodeTransition(group.name, group.id));
  }

  enter(privateGroup: string, place: Place, session: LocalSession | null, getsWhole = true): Member {
    const member = new Member(privateGroup, place, session, session?.getsWhole ?? getsWhole);
    this.members.set(privateGroup, member);
    if (session) session.member = member;
    return member;
  }

  /**
   * One frame serves all receivers: where the vs sets differ from daemon to daemon, here they are the same.
   * @param form of the receivers: those with whole views, those with records, or both
   * @returns how many got it
   */
  tell({ local }: Group, encode: () => Buffer, form: 'whole' | 'compact' | 'both' = 'both'): number {
    let frame: Buffer | null = null;
    let receivers = 0;
    for (const session of local) {
      if (!session.membership || session.leaving) continue;
      if (form !== 'both' && session.isCompact !== (form === 'compact')) continue;
      frame ??= encode();
      receivers++;
      session.outlet.deliver(frame, 0, frame.length, 1);
    }
    return receivers;
  }

  /** The view of the group as it is, for one who may not have it. */
  private show(group: Group, session: LocalSession, member: Member): void {
    if (!session.membership || session.leaving) return;
    if (session.isCompact) {
      this.runs.close();
      deliverList(group, session, 'join', this.subjects);
      return;
    }
    const cause = CAUSED_BY_JOIN;
    const frame = encodeRegularMembership(group.name, cause, fieldsOf(group), group.id, [[member.field]], 0);
    session.outlet.deliver(frame, 0, frame.length, 1);
  }

  exit(member: Member): void {
    this.members.delete(member.privateGroup);
    if (member.session) member.session.member = null;
  }

  private remove(group: Group, cause: Cause, member: Member): void {
    const { session } = member;
    this.runs.turnTo(group);
    if (session?.isCompact) this.runs.finish(group, session);
    const index = group.remove(member);
    this.memberships--;
    if (session && group.local.length === 0) this.ownGroups--;
    this.announce(group, cause, member, index);
    if (group.members.length === 0) this.groups.delete(group);
  }

  /** For these causes the vs set holds just the one who changed [daemon 2.6]. */
  private announce(
    group: Group,
    cause: Cause,
    changed: Member,
    index: number,
    returned: string | null = null,
  ): void {
    const id = this.groups.advance(group);
    const { privateGroup } = changed;
    const subject = this.subjects.of(privateGroup);
    this.record.changed(group, CAUSES[cause], changed, index, returned, subject);
    this.watcher?.(watchedChange(group, CAUSES[cause], privateGroup));
    if (group.isPlain) {
      const sets = [[changed.field]];
      this.tell(
        group,
        () => encodeRegularMembership(group.name, cause, fieldsOf(group), id, sets, 0),
        'whole',
      );
    }
    // One who joins gets a list, and no record of it.
    const others = group.compact - (cause === CAUSED_BY_JOIN && changed.session?.isCompact ? 1 : 0);
    if (others === 0 && !this.runs.isOpen(group)) return;
    this.host.recorded();
    this.runs.add(group, CAUSES[cause], privateGroup, index, subject, returned);
  }
}

/** Units of work that a change of the group takes: some of its own, one for each who hears of it, and whole views have all names. */
export const costOf = ({ local, members, isPlain }: Group): number =>
  CHANGE_COST + local.length + (isPlain ? members.length / 16 : 0);

type Cause = keyof typeof CAUSES;
const CAUSES = {
  [CAUSED_BY_JOIN]: 'join',
  [CAUSED_BY_LEAVE]: 'leave',
  [CAUSED_BY_DISCONNECT]: 'disconnect',
} as const;

/** Whether anybody here wants to know of its views. */
export const isHeard = ({ local }: Group): boolean =>
  local.some(({ membership, leaving }) => membership && !leaving);

export function fieldsOf({ members }: Group): Buffer[] {
  const fields: Buffer[] = [];
  for (const { items } of members.chunks) for (const { field } of items) fields.push(field);
  return fields;
}
