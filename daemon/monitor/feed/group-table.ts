/**
 * The largest groups, and what has changed of them since the last look. A look is made in slices, and not so often that it
 * would cost much.
 */
import type { GroupRow, GroupsLine, LastView } from '../console/core/lines.js';
import { LISTED_GROUPS, SCAN_SHARE } from '../limits.js';
import { firstSorted } from '../slices.js';
import type { DaemonStatus, GroupInfo } from '../status.js';
import type { Happening } from './event-log.js';

/** Groups whose last view is remembered: many more than are listed, for those that grow. */
const MAX_REMEMBERED = 10 * LISTED_GROUPS;

export class GroupTable {
  private rows = new Map<string, GroupRow>();
  private readonly lastViews = new Map<string, LastView>();
  private total = 0;
  private isLooking = false;
  private nextLook = 0;

  constructor(
    private readonly status: Pick<DaemonStatus, 'eachGroup'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A group has a view. */
  viewed({ group, cause, came, gone }: Extract<Happening, { kind: 'view' }>, at: number): void {
    this.lastViews.delete(group);
    this.lastViews.set(group, { cause, who: came[0] ?? gone[0] ?? '', at });
    const [oldest] = this.lastViews.keys();
    if (this.lastViews.size > MAX_REMEMBERED && oldest !== undefined) this.lastViews.delete(oldest);
  }

  /** All that are listed, as of the last look. */
  get line(): GroupsLine {
    return { t: 'groups', total: this.total, list: [...this.rows.values()], left: [] };
  }

  /** @returns what has changed since the last look; null for nothing, and when it is too early for a look */
  async look(): Promise<GroupsLine | null> {
    const { now, status } = this;
    const begin = now();
    if (this.isLooking || begin < this.nextLook) return null;
    this.isLooking = true;
    try {
      const { first, total } = await firstSorted(status.eachGroup(), bySize, LISTED_GROUPS);
      return this.changed(first, total);
    } finally {
      this.isLooking = false;
      const end = now();
      this.nextLook = end + (end - begin) * SCAN_SHARE;
    }
  }

  private changed(groups: readonly GroupInfo[], total: number): GroupsLine | null {
    const rows = new Map(groups.map((each) => [each.name, this.rowOf(each)]));
    const list = [...rows.values()].filter((row) => !isSame(row, this.rows.get(row.name)));
    const left = [...this.rows.keys()].filter((name) => !rows.has(name));
    const isChanged = list.length > 0 || left.length > 0 || total !== this.total;
    this.rows = rows;
    this.total = total;
    return isChanged ? { t: 'groups', total, list, left } : null;
  }

  private rowOf({ name, id, members, local, messages }: GroupInfo): GroupRow {
    return { name, id, members, local, messages, lastView: this.lastViews.get(name) ?? null };
  }
}

const bySize = (left: GroupInfo, right: GroupInfo): number =>
  right.members - left.members || (left.name < right.name ? -1 : 1);

const isSame = (row: GroupRow, before: GroupRow | undefined): boolean =>
  row.id === before?.id &&
  row.members === before.members &&
  row.local === before.local &&
  row.messages === before.messages;
