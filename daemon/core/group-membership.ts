/**
 * The views of the groups: joins, leaves, disconnects and changes of the daemon view, each in its place in the order,
 * change the groups, and the sessions that asked for membership messages are told [daemon 2.2 to 2.7].
 */
import type { Buffer } from 'node:buffer';
import { encodeRegularMembership, encodeSelfLeave, encodeTransition } from '../../lib/wire/membership.js';
import { CAUSED_BY_DISCONNECT, CAUSED_BY_JOIN, CAUSED_BY_LEAVE } from '../../lib/wire/service.js';
import { type Group, type LocalSession, Member, type Place } from './group.js';
import { type Groups, sortedByName } from './groups.js';

/** Members that are looked at between two yields. */
const STEP = 64;

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

  constructor(private readonly groups: Groups) {}

  /**
   * @param daemon position of the session's daemon in the daemon view
   * @param session the session when it is one of this daemon's
   */
  join(privateGroup: string, daemon: number, session: LocalSession | null, name: Buffer): void {
    const group =
      this.groups.find(name, 0) ?? this.groups.create(name.toString('latin1', 0, name.indexOf(0)));
    const place = this.places[daemon] as Place;
    const member = this.members.get(privateGroup) ?? this.enter(privateGroup, place, session);
    if (member.groups.has(group)) return;
    group.add(member);
    this.memberships++;
    if (session && group.local.length === 1) this.ownGroups++;
    this.announce(group, CAUSED_BY_JOIN, member);
  }

  leave(privateGroup: string, name: Buffer): void {
    const group = this.groups.find(name, 0);
    const member = this.members.get(privateGroup);
    if (!group || !member?.groups.has(group)) return;
    this.remove(group, CAUSED_BY_LEAVE, member);
    const { session } = member;
    if (session?.membership && !session.leaving) {
      const frame = encodeSelfLeave(group.name);
      session.outlet.deliver(frame, 0, frame.length, 1);
    }
    if (member.groups.size === 0) this.exit(member);
  }

  /** Each of its groups gets a message of its own, in byte order of the names. */
  disconnect(privateGroup: string): void {
    const member = this.members.get(privateGroup);
    if (!member) return;
    const groups = [...member.groups].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    for (const group of groups) this.remove(group, CAUSED_BY_DISCONNECT, member);
    this.exit(member);
  }

  /**
   * The daemon view is over: groups with members that are out of reach give the transitional signal, once until their
   * next view, in byte order of the names [daemon 2.7.1].
   * @param stays whether the daemon of that name continues with this one
   * @yields units of work
   */
  *transition(stays: (daemon: string) => boolean): Generator<number, void> {
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
        (isHeard(group) ? told : others).push(group);
      }
    }
    const sorted = yield* sortedByName(told);
    for (const group of sorted) yield this.tell(group, () => encodeTransition(group.name, group.id));
    this.losing = [...this.losing, ...sorted, ...others];
  }

  enter(privateGroup: string, place: Place, session: LocalSession | null): Member {
    const member = new Member(privateGroup, place, session);
    this.members.set(privateGroup, member);
    if (session) session.member = member;
    return member;
  }

  /**
   * One frame serves all receivers: where the vs sets differ from daemon to daemon, here they are the same.
   * @returns how many got it
   */
  tell({ local }: Group, encode: () => Buffer): number {
    let frame: Buffer | null = null;
    let receivers = 0;
    for (const session of local) {
      if (!session.membership || session.leaving) continue;
      frame ??= encode();
      receivers++;
      session.outlet.deliver(frame, 0, frame.length, 1);
    }
    return receivers;
  }

  private exit(member: Member): void {
    this.members.delete(member.privateGroup);
    if (member.session) member.session.member = null;
  }

  private remove(group: Group, cause: number, member: Member): void {
    group.remove(member);
    this.memberships--;
    if (member.session && group.local.length === 0) this.ownGroups--;
    this.announce(group, cause, member);
    if (group.members.length === 0) this.groups.delete(group);
  }

  /** For these causes the vs set holds just the one who changed [daemon 2.6]. */
  private announce(group: Group, cause: number, changed: Member): void {
    const id = this.groups.advance(group);
    const sets = [[changed.field]];
    this.tell(group, () => encodeRegularMembership(group.name, cause, fieldsOf(group), id, sets, 0));
  }
}

/** Whether anybody here wants to know of its views. */
export const isHeard = ({ local }: Group): boolean =>
  local.some(({ membership, leaving }) => membership && !leaving);

export const fieldsOf = ({ members }: Group): Buffer[] => members.map(({ field }) => field);
