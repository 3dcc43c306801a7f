/**
 * A join or leave of a hundred bytes becomes a message with all members' names for each of them. So what counts for its
 * sender is what it makes wait for others: changes are ordered only as long as those under way cost less than a limit,
 * and not while a listening member of the group is behind but still reads. The sender is not read meanwhile; nobody is
 * dropped for what another one asks.
 */
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import type { Group } from './group.js';
import type { LocalSession } from './local-session.js';
import type { Member } from './member.js';

/** Bytes that the changes under way may make wait for all members together; a single change may cost more. */
export const MAX_CHANGE_BYTES = 4 * 1024 * 1024;

/** What is in a membership message besides the header and the members' names: the id, and the set of the one who changed. */
const REST_BYTES = 64;

/** One change under way. */
interface Charge {
  readonly bytes: number;
  /** The group that it joins. */
  readonly joins: string | null;
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
  admits(group: Group | undefined): boolean {
    return !this.isFull && (group === undefined || !isBehind(group));
  }

  /** The same for the end of a session, which changes all of its groups. */
  admitsEnd(member: Member | null): boolean {
    if (this.isFull) return false;
    for (const group of member?.groups ?? []) if (isBehind(group)) return false;
    return true;
  }

  /** A join or leave of the session is ordered. @param name of the group, which need not exist yet */
  begin(session: LocalSession, name: string, group: Group | undefined, isJoin: boolean): void {
    if (isJoin) this.joinsUnderWay(name, 1, session.membership);
    this.charge(session, { bytes: this.costOf(name, group), joins: isJoin ? name : null });
  }

  beginEnd(session: LocalSession): void {
    let bytes = 0;
    for (const group of session.member?.groups ?? []) bytes += this.costOf(group.name, group);
    this.charge(session, { bytes, joins: null });
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

  private discharge({ membership }: LocalSession, { bytes, joins }: Charge): void {
    this.underWay -= bytes;
    if (joins !== null) this.joinsUnderWay(joins, -1, membership);
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

const isBehind = ({ local }: Group): boolean =>
  local.some(({ membership, leaving, outlet }) => membership && !leaving && outlet.isBehind);
