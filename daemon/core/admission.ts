/**
 * A join or leave of a hundred bytes becomes a message with all members' names for each of them. So what counts for its
 * sender is what it makes wait for others: changes are ordered only as long as those under way cost less than a limit,
 * and not while a member of the group that gets whole views is behind but still reads. The sender is not read meanwhile;
 * nobody is dropped for what another one asks. A record of a change is as small as a message, and waits for nobody. A list
 * that a session gets for its join, or because it asks, waits for that session.
 */
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import type { Group, LocalSession, Member } from './group.js';

/** Bytes that the changes under way may make wait for all members together; a single change may cost more. */
export const MAX_CHANGE_BYTES = 4 * 1024 * 1024;

/** What is in a membership message besides the header and the members' names: the id, and the set of the one who changed. */
const REST_BYTES = 64;

/** A record with the head of its frame: all who get it share the bytes. */
const RECORD_BYTES = 100;
/** A name in a list, as most of them are. */
const LISTED_BYTES = 10;

/** Changes of a session under way that are looked at to know whether it will be a member. */
const LOOK_BACK = 64;

/** Whose reading a change waits for, while they still read: the longer it has waited, the fewer. */
export type WaitsFor = 'behind' | 'far-behind' | 'nobody';

/** One change under way. */
interface Charge {
  readonly bytes: number;
  /** The group that it joins or leaves; empty for the end or the return of a session. */
  readonly group: string;
  readonly isJoin: boolean;
  /** Groups of which it makes a member of one that is none. */
  readonly adds: readonly string[];
  /** The groups that a session is in once it has returned. */
  readonly returnsTo?: ReadonlySet<string>;
}

/** Joins of a group under way, and how many of those get whole views. */
interface Joining {
  readonly members: number;
  readonly whole: number;
}

const NOBODY: Joining = { members: 0, whole: 0 };
const NO_NAMES: readonly string[] = [];

/** A session that comes back, with its groups before and after. */
export interface Returning {
  readonly session: LocalSession;
  /** Groups that it is in so far. */
  readonly had: ReadonlySet<Group>;
  /** It keeps its name, and so what it is in; else it leaves that under the old one. */
  readonly keepsName: boolean;
  /** The groups that it wants by name, each as it is now; undefined for one without members. */
  readonly wanted: readonly (readonly [name: string, group: Group | undefined])[];
}

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

  /** Whether a change of the group may be ordered now. @param joiner whose join it is */
  admits(group: Group | undefined, waitsFor: WaitsFor, joiner: LocalSession | null = null): boolean {
    if (joiner?.isCompact && isSlow(joiner, waitsFor)) return false;
    return !this.isFull && (group === undefined || !isAwaited(group, waitsFor));
  }

  /** The same for the end of a session, which changes all of its groups. */
  admitsEnd(member: Member | null, waitsFor: WaitsFor): boolean {
    if (this.isFull) return false;
    for (const group of member?.groups ?? []) if (isAwaited(group, waitsFor)) return false;
    return true;
  }

  /**
   * A join or leave of the session is ordered.
   * @param name of the group, which need not exist yet
   * @param onDemand whether it gets no list with a join
   */
  begin(
    session: LocalSession,
    name: string,
    group: Group | undefined,
    isJoin: boolean,
    onDemand = false,
  ): void {
    // Nobody hears of a join of one's own group, or of a leave of another one.
    const isChange = this.willBeMember(session, name, group) !== isJoin;
    const adds = isChange && isJoin ? [name] : NO_NAMES;
    for (const added of adds) this.joinsUnderWay(added, 1, session);
    const bytes = isChange ? this.costOf(name, group, session, isJoin && !onDemand) : 0;
    this.charge(session, { bytes, group: name, isJoin, adds });
  }

  /** Members that the group has once the joins under way are carried out; leaves are not counted. */
  sizeOf(name: string, group: Group | undefined): number {
    return (group?.members.length ?? 0) + (this.joining.get(name) ?? NOBODY).members;
  }

  beginEnd(session: LocalSession): void {
    let bytes = 0;
    for (const group of session.member?.groups ?? []) bytes += this.costOf(group.name, group, session, false);
    this.charge(session, { bytes, group: '', isJoin: false, adds: NO_NAMES });
  }

  /** The return of a session is ordered: its old name leaves its groups, then it joins those that it wants. */
  beginReturn({ session, had, keepsName, wanted }: Returning): void {
    let bytes = 0;
    const adds: string[] = [];
    for (const group of keepsName ? [] : had) bytes += this.costOf(group.name, group, session, false);
    for (const [name, group] of wanted) {
      const isMember = group !== undefined && had.has(group);
      // Nobody else hears of a group that it is in already.
      if (isMember && keepsName) continue;
      if (!isMember) {
        adds.push(name);
        this.joinsUnderWay(name, 1, session);
      }
      bytes += this.costOf(name, group, session, session.resume?.onDemand.has(name) !== true);
    }
    const returnsTo = new Set(wanted.map(([name]) => name));
    this.charge(session, { bytes, group: '', isJoin: true, adds, returnsTo });
  }

  /** Groups that it may be in when what is under way is carried out. */
  joinsOf(session: LocalSession): Set<string> {
    const joined = new Set<string>();
    for (const { group, isJoin, returnsTo } of this.charges.get(session) ?? []) {
      for (const each of returnsTo ?? []) joined.add(each);
      if (isJoin) joined.add(group);
      else joined.delete(group);
    }
    joined.delete('');
    return joined;
  }

  /** Whether any join, leave or end of it is under way. */
  hasChanges(session: LocalSession): boolean {
    return this.charges.has(session);
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

  private discharge(session: LocalSession, { bytes, adds }: Charge): void {
    this.underWay -= bytes;
    for (const name of adds) this.joinsUnderWay(name, -1, session);
  }

  /** Whether it is a member once what is under way is carried out. */
  private willBeMember(session: LocalSession, name: string, group: Group | undefined): boolean {
    const last = this.charges
      .get(session)
      ?.slice(-LOOK_BACK)
      .findLast((charge) => charge.group === name || charge.returnsTo?.has(name) === true);
    return last?.isJoin ?? (group !== undefined && session.member?.groups.has(group) === true);
  }

  private joinsUnderWay(name: string, change: 1 | -1, { getsWhole }: LocalSession): void {
    const { members, whole } = this.joining.get(name) ?? NOBODY;
    const now = { members: members + change, whole: whole + (getsWhole ? change : 0) };
    if (now.members > 0) this.joining.set(name, now);
    else this.joining.delete(name);
  }

  /**
   * Members at other daemons get whole views, as long as nothing else is known of them.
   * @param list whether the session gets the list of the group
   */
  private costOf(name: string, group: Group | undefined, { isCompact }: LocalSession, list: boolean): number {
    const joining = this.joining.get(name) ?? NOBODY;
    const members = (group?.members.length ?? 0) + joining.members;
    const whole = (group?.whole ?? 0) + joining.whole + (isCompact ? 0 : 1);
    const view = HEADER_BYTES + REST_BYTES + (members + 1) * NAME_BYTES;
    return view * whole + (isCompact ? RECORD_BYTES + (list ? members * LISTED_BYTES : 0) : 0);
  }
}

/** Whether a change of the group waits for members of it to read. */
export const isAwaited = ({ isPlain, local }: Group, waitsFor: WaitsFor): boolean =>
  isPlain && waitsFor !== 'nobody' && local.some((each) => each.getsWhole && isSlow(each, waitsFor));

/** Whether what is asked waits for this session to read. */
export const isSlow = ({ leaving, outlet }: LocalSession, waitsFor: WaitsFor): boolean =>
  waitsFor !== 'nobody' && !leaving && (waitsFor === 'behind' ? outlet.isBehind : outlet.isFarBehind);
