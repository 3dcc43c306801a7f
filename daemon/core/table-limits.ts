/**
 * How many groups, memberships and members of a group there may be. A join is looked at where it enters, against the
 * groups as this daemon has them and the joins of its own sessions that are on their way. In the order nothing is refused:
 * daemons with other limits have to come to the same groups.
 */
import type { Buffer } from 'node:buffer';
import { nameField, readName } from '../../lib/wire/name.js';
import { REJECTED_BY_LIMIT, REJECTED_BY_SIZE } from '../../lib/wire/reject.js';
import type { Admission } from './admission.js';
import type { CoreCounters } from './counters.js';
import type { GroupMembership } from './group-membership.js';
import type { Group, LocalSession } from './group.js';
import type { Groups } from './groups.js';

export interface TableLimits {
  /** Groups with members anywhere; default 200 000. */
  readonly maxGroups: number;
  /** Memberships in all groups; default 1 000 000. */
  readonly maxMemberships: number;
  /** Members of one group; default 200 000. */
  readonly maxGroupMembers: number;
  /** Members of a group above which nobody gets whole views; default 4400. Those who need them leave the group. */
  readonly maxPlainView: number;
}

export const defaultTableLimits: TableLimits = {
  maxGroups: 200_000,
  maxMemberships: 1_000_000,
  maxGroupMembers: 200_000,
  maxPlainView: 4_400,
};

export class UnderWay {
  private memberships = 0;
  /** Joins to groups that were not there when they entered, by group. */
  private readonly newGroups = new Map<string, number>();

  constructor(
    private readonly groups: Groups,
    private readonly views: GroupMembership,
    private readonly admission: Admission,
    private readonly counters: CoreCounters,
  ) {}

  /** Why a join of the session is not taken: the number in the reject frame, or null for nothing. */
  refusalOf(
    session: LocalSession,
    name: string,
    group: Group | undefined,
    limits: TableLimits,
  ): number | null {
    if (group !== undefined && session.member?.groups.has(group) === true) return null;
    if (!this.hasRoom(name, group, limits)) {
      this.counters.limited++;
      return REJECTED_BY_LIMIT;
    }
    const { maxGroupMembers, maxPlainView } = limits;
    const most = session.getsWhole ? Math.min(maxGroupMembers, maxPlainView) : maxGroupMembers;
    if (this.admission.sizeOf(name, group) < most) return null;
    this.counters.oversized++;
    return REJECTED_BY_SIZE;
  }

  /**
   * The groups that a session may not come back to, each with the number in its reject frame.
   * @param had groups that the session has been in under the name of before: they count already
   */
  refusedOf(
    session: LocalSession,
    names: Iterable<string>,
    had: ReadonlySet<Group> | undefined,
    limits: TableLimits,
  ): Map<string, number> {
    const refused = new Map<string, number>();
    const admitted: string[] = [];
    for (const name of names) {
      const group = this.groups.find(nameField(name), 0);
      if (group && had?.has(group) === true) continue;
      const refusal = this.refusalOf(session, name, group, limits);
      if (refusal !== null) {
        refused.set(name, refusal);
        continue;
      }
      // One group leaves less room for the next.
      this.begin(name, group);
      admitted.push(name);
    }
    for (const name of admitted) this.ended(name);
    return refused;
  }

  private hasRoom(name: string, group: Group | undefined, limits: TableLimits): boolean {
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
    this.ended(readName(field, 0));
  }

  /** The same for a join by its name. */
  ended(name: string): void {
    this.memberships--;
    const count = this.newGroups.get(name);
    if (count === undefined) return;
    if (count > 1) this.newGroups.set(name, count - 1);
    else this.newGroups.delete(name);
  }
}
