/**
 * A join or leave of a hundred bytes becomes a message with all members' names for each of them. So what counts for its
 * sender is what it makes wait for others: changes are ordered only as long as those under way cost less than a limit,
 * and not while a listening member of the group is behind but still reads. The sender is not read meanwhile; nobody is
 * dropped for what another one asks.
 */
import type { Buffer } from 'node:buffer';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { readName } from '../../lib/wire/name.js';
import type { GroupMembership } from './group-membership.js';
import type { Group, LocalSession, Member } from './group.js';
import type { Groups } from './groups.js';

/** Bytes that the changes under way may make wait for all members together; a single change may cost more. */
export const MAX_CHANGE_BYTES = 4 * 1024 * 1024;

/** What is in a membership message besides the header and the members' names: the id, and the set of the one who changed. */
const REST_BYTES = 64;

/** Changes of a session under way that are looked at to know whether it will be a member. */
const LOOK_BACK = 64;

/** Whose reading a change waits for, while they still read: the longer it has waited, the fewer. */
export type WaitsFor = 'behind' | 'far-behind' | 'nobody';

/** One change under way. */
interface Charge {
  readonly bytes: number;
  /** The group that it joins or leaves; empty for the end of a session. */
  readonly group: string;
  readonly isJoin: boolean;
  /** Whether it makes a member of one that is none. */
  readonly adds: boolean;
}

/** Joins of a group under way, and how many of those want membership messages. */
interface Joining {
  readonly members: number;
  readonly listening: number;
}

const NOBODY: Joining = { members: 0, listening: 0 };

export class Admission {
  /** Lowered where a session may have less waiting. */
  limit = MAX_CHANGE_BYTES;
  private underWay = 0;
  private readonly charges = new Map<LocalSession, Charge[]>();
  /** Joins under way, by group. */
  private readonly joining = new Map<string, Joining>();

  get isFull(): boolean {
    return this.underWay > 0 && this.underWay >= this.limit;
  }

  /** Whether a change of the group may be ordered now. */
  admits(group: Group | undefined, waitsFor: WaitsFor): boolean {
    return !this.isFull && (group === undefined || !isAwaited(group, waitsFor));
  }

  /** The same for the end of a session, which changes all of its groups. */
  admitsEnd(member: Member | null, waitsFor: WaitsFor): boolean {
    if (this.isFull) return false;
    for (const group of member?.groups ?? []) if (isAwaited(group, waitsFor)) return false;
    return true;
  }

  /** A join or leave of the session is ordered. @param name of the group, which need not exist yet */
  begin(session: LocalSession, name: string, group: Group | undefined, isJoin: boolean): void {
    // Nobody hears of a join of one's own group, or of a leave of another one.
    const isChange = this.willBeMember(session, name, group) !== isJoin;
    const adds = isChange && isJoin;
    if (adds) this.joinsUnderWay(name, 1, session.membership);
    this.charge(session, { bytes: isChange ? this.costOf(name, group) : 0, group: name, isJoin, adds });
  }

  beginEnd(session: LocalSession): void {
    let bytes = 0;
    for (const group of session.member?.groups ?? []) bytes += this.costOf(group.name, group);
    this.charge(session, { bytes, group: '', isJoin: false, adds: false });
  }

  /** Its first change under way was carried out. */
  carriedOut(session: LocalSession): void {
    const charges = this.charges.get(session);
    const first = charges?.shift();
    if (first) this.discharge(session, first);
    if (charges?.length === 0) this.charges.delete(session);
  }

  /** The session has ended: nothing of it is under way. */
  gone(session: LocalSession): void {
    for (const charge of this.charges.get(session) ?? []) this.discharge(session, charge);
    this.charges.delete(session);
  }

  private charge(session: LocalSession, charge: Charge): void {
    this.underWay += charge.bytes;
    const charges = this.charges.get(session);
    if (charges) charges.push(charge);
    else this.charges.set(session, [charge]);
  }

  private discharge({ membership }: LocalSession, { bytes, group, adds }: Charge): void {
    this.underWay -= bytes;
    if (adds) this.joinsUnderWay(group, -1, membership);
  }

  /** Whether it is a member once what is under way is carried out. */
  private willBeMember(session: LocalSession, name: string, group: Group | undefined): boolean {
    const last = this.charges
      .get(session)
      ?.slice(-LOOK_BACK)
      .findLast((charge) => charge.group === name);
    return last?.isJoin ?? (group !== undefined && session.member?.groups.has(group) === true);
  }

  private joinsUnderWay(name: string, change: 1 | -1, listens: boolean): void {
    const { members, listening } = this.joining.get(name) ?? NOBODY;
    const now = { members: members + change, listening: listening + (listens ? change : 0) };
    if (now.members > 0) this.joining.set(name, now);
    else this.joining.delete(name);
  }

  /** Of members at other daemons nobody here knows whether they listen: they count. */
  private costOf(name: string, group: Group | undefined): number {
    const joining = this.joining.get(name) ?? NOBODY;
    const members = (group?.members.length ?? 0) + joining.members;
    const elsewhere = group === undefined ? 0 : group.members.length - group.local.length;
    const listening = elsewhere + (group?.listening ?? 0) + joining.listening;
    return (HEADER_BYTES + REST_BYTES + (members + 1) * NAME_BYTES) * (listening + 1);
  }
}

const isAwaited = ({ local }: Group, waitsFor: WaitsFor): boolean =>
  waitsFor !== 'nobody' &&
  local.some(
    ({ membership, leaving, outlet }) =>
      membership && !leaving && (waitsFor === 'behind' ? outlet.isBehind : outlet.isFarBehind),
  );

/**
 * How many groups and memberships there may be. A join is looked at where it enters, against the groups as this daemon has
 * them and the joins of its own sessions that are on their way. In the order nothing is refused: daemons with other limits
 * have to come to the same groups.
 */
export interface TableLimits {
  /** Groups with members anywhere; default 200 000. */
  readonly maxGroups: number;
  /** Memberships in all groups; default 1 000 000. */
  readonly maxMemberships: number;
}

export const defaultTableLimits: TableLimits = { maxGroups: 200_000, maxMemberships: 1_000_000 };

export class UnderWay {
  private memberships = 0;
  /** Joins to groups that were not there when they entered, by group. */
  private readonly newGroups = new Map<string, number>();

  constructor(
    private readonly groups: Groups,
    private readonly views: GroupMembership,
  ) {}

  /** Whether there is room for the session's join to the group of that name. */
  hasRoom(session: LocalSession, name: string, group: Group | undefined, limits: TableLimits): boolean {
    if (group !== undefined && session.member?.groups.has(group) === true) return true;
    if (this.views.memberships + this.memberships >= limits.maxMemberships) return false;
    const isNew = group === undefined && !this.newGroups.has(name);
    return !isNew || this.groups.size + this.newGroups.size < limits.maxGroups;
  }

  /** A join is ordered, and under way until `arrived`. */
  begin(name: string, group: Group | undefined): void {
    this.memberships++;
    if (group === undefined) this.newGroups.set(name, (this.newGroups.get(name) ?? 0) + 1);
  }

  /** A join of this daemon's came to its place in the order and is about to be carried out. */
  arrived(field: Buffer): void {
    this.memberships--;
    const name = readName(field, 0);
    const count = this.newGroups.get(name);
    if (count === undefined) return;
    if (count > 1) this.newGroups.set(name, count - 1);
    else this.newGroups.delete(name);
  }
}
