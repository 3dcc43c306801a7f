/**
 * How many groups and memberships there may be. A join is looked at where it enters, against the groups as this daemon has
 * them and the joins of its own sessions that are on their way. In the order nothing is refused: daemons with other limits
 * have to come to the same groups.
 */
import type { Buffer } from 'node:buffer';
import { readName } from '../../lib/wire/name.js';
import type { Group } from './group.js';
import type { Groups } from './groups.js';
import type { LocalSession } from './local-session.js';
import type { GroupMembership } from './views.js';

export interface TableLimits {
  /** Groups with members anywhere. */
  readonly maxGroups: number;
  /** Memberships in all groups. */
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
