/** The groups of a connection that comes back: what is asked for again, and where something is missing. */
import { reportGap, reportRefused } from '#diagnostics';
import type { Gap } from '../../wire/extension/gap.js';
import type { ResumeGroup } from '../../wire/extension/resume.js';
import type { ConnectionEvent, GroupEvent, RejectEvent, SelfLeaveEvent, ViewEvent } from '../event.js';
import type { Group } from '../group.js';
import type { Membership } from '../membership.js';
import { Memberships } from '../memberships.js';
import type { GroupView } from '../views/group-view.js';
import { awayView } from './away-view.js';
import { Continuity } from './continuity.js';
import type { GapEvent, GapReason } from './events.js';
import type { StreamPosition } from './position.js';

export class ReturningMemberships extends Memberships {
  /** Whether there is no daemon now. */
  private isLost = false;
  /** Whether what is taken comes from before the last loss. */
  private isOld = false;
  /** Whether that daemon still is there: its answers to leaves count. */
  private isMoving = false;
  /** Whether the connection was lost, and is a member of nothing until what was missed has been taken. */
  private isAway = false;
  /** For each return whose daemon is not read yet: what it does not ask for, where the session begins again. */
  private readonly returns: ReadonlySet<Membership>[] = [];
  /** Groups that have lost continuity since the loss. */
  private readonly gapped = new Set<string>();

  // What arrives.

  override listed({ group, messages }: GroupView): void {
    if (messages !== null) this.continuityOf(group)?.count.listed(messages);
  }

  override handOut(event: ConnectionEvent, own: string, handOut: (event: ConnectionEvent) => void): void {
    const report = (gap: GapEvent): void => {
      reportGap({ id: own, ...gap });
      handOut(gap);
    };
    const gap = event.kind === 'view' || event.kind === 'self-leave' ? this.gapBefore(event.group) : null;
    if (gap !== null) report(gap);
    handOut(event);
    const late = event.kind === 'view' ? this.gapBehind(event.group) : null;
    if (late !== null) {
      report(late);
      handOut(event);
    }
    const end = event.kind === 'reject' ? this.endOf(event) : null;
    if (end === null) return;
    report(end[0]);
    handOut(end[1]);
  }

  override gap({ group, reason, missed }: Gap, awayMs: number): void {
    const membership = this.all.get(group);
    if (!membership) return;
    const continuity = continuityOf(membership);
    if (!membership.group) {
      continuity.early = { reason, missed, awayMs };
      return;
    }
    this.gapped.add(group);
    const since = continuity.gap?.since ?? membership.group.view.id;
    continuity.gap = { kind: 'gap', group, reason, missed, awayMs, since };
  }

  override joinMissed(name: string): void {
    const membership = this.all.get(name);
    if (membership?.continuity?.early && !membership.group) membership.continuity.isLate = true;
  }

  // What a daemon said before the loss is asked again at the next one.
  override refused(event: RejectEvent): void {
    if (this.isOld) reportRefused(this.host.id(), event);
    else super.refused(event);
  }

  // Losses and returns.

  /** The connection is lost, at this moment. @param isMove goes to another daemon, and the last one is still to be read */
  lost(isMove: boolean): void {
    this.isLost = this.isOld = this.isAway = true;
    this.isMoving = isMove;
    for (const membership of this.all.values()) {
      continuityOf(membership).isAsked = false;
      membership.group?.lost(awayView);
    }
  }

  /**
   * The connection is back in its session of before.
   * @param left groups whose self-leaves were not taken yet
   * @returns its groups: what it had, and what it wants. What is being left is wanted, and left there
   */
  resumed(position: StreamPosition, left: ReadonlySet<string>): ResumeGroup[] {
    this.isLost = false;
    this.returns.push(NONE);
    for (const membership of this.all.values()) {
      const isOver = left.has(membership.name) && (membership.group !== null || membership.left !== null);
      continuityOf(membership).isAsked = !isOver;
      if (isOver) this.host.answered(membership.name);
    }
    return [...new Set([...position.groups, ...this.all.keys()])].map((group) => {
      const membership = this.all.get(group);
      const wanted = membership?.continuity?.isAsked === true;
      return {
        group,
        onDemand: wanted && this.host.expect(group, !membership.isListed),
        signalled: position.hasSignal(group),
        had: position.had(group),
        wanted,
      };
    });
  }

  /** The connection is back, at a daemon where it is a member of nothing: joins what is wanted. */
  returned(): void {
    this.isLost = false;
    this.returns.push(new Set([...this.all.values()].filter(({ left }) => left !== null)));
    for (const membership of this.all.values()) if (!membership.left) this.requestJoin(membership);
  }

  /**
   * Everything from before a return was taken. Where the session begins again, groups that were being left are left by the loss,
   * and the others have a gap before their next view.
   * @param reason null where the session continues
   * @returns self-leaves to be handed out
   */
  continued(reason: GapReason | null, awayMs: number): SelfLeaveEvent[] {
    const dropped = this.returns.shift() ?? NONE;
    if (this.returns.length === 0 && !this.isLost) {
      this.isOld = false;
      if (reason !== null) this.isAway = false;
    }
    if (reason === null) return [];
    const leaves: SelfLeaveEvent[] = [];
    for (const membership of this.all.values()) {
      const { name: group, group: joined } = membership;
      const continuity = continuityOf(membership);
      if (dropped.has(membership)) {
        if (joined) leaves.push({ kind: 'self-leave', group, id: joined.view.id });
        else this.remove(membership);
      } else if (joined) {
        const [since, earlier] = [joined.view.id, continuity.gap?.awayMs ?? 0];
        continuity.gap = { kind: 'gap', group, reason, missed: null, awayMs: earlier + awayMs, since };
      }
    }
    return leaves;
  }

  /** Everything that was missed was taken. */
  back(): void {
    this.isAway = false;
    for (const { group, continuity } of this.all.values()) if (!continuity?.gap) group?.returned();
  }

  /** Number of groups that have lost their continuity since the loss. @param isNew whether nothing continues */
  gaps(isNew: boolean): number {
    const { size } = this.gapped;
    this.gapped.clear();
    if (!isNew) return size;
    let count = 0;
    for (const { group, left } of this.all.values()) if (group && !left) count++;
    return count;
  }

  protected override isTaken(membership: Membership, event: GroupEvent): boolean {
    const { count, gap, isAsked } = continuityOf(membership);
    if (event.kind === 'data') {
      // Before its first view a group is not joined yet, also when it was before the loss.
      if (gap) return false;
      count.message();
    }
    // The daemon before the loss has ended a membership that was asked for again.
    return !(this.isOld && !this.isMoving && isAsked && event.kind === 'self-leave');
  }

  protected override deliver(group: Group, event: GroupEvent): void {
    const isAway = event.kind === 'view' && (this.isAway || event.myIndex < 0);
    group.deliver(event, isAway ? awayView(event) : null);
  }

  protected override arrived(membership: Membership, view: ViewEvent): Group {
    const group = super.arrived(membership, view);
    if (this.isAway) group.lost(awayView);
    return group;
  }

  protected override requestJoin(membership: Membership): boolean {
    const isAsked = super.requestJoin(membership);
    continuityOf(membership).isAsked = isAsked;
    return isAsked;
  }

  // Gaps.

  /** What is to be handed out before a view of the group, or its end: a gap, where continuity was lost before it. */
  private gapBefore(name: string): GapEvent | null {
    const continuity = this.continuityOf(name);
    if (!continuity) return null;
    const { count, gap } = continuity;
    const missed = count.view(gap?.reason ?? null);
    continuity.gap = null;
    return gap && { ...gap, missed: gap.missed ?? missed };
  }

  /** What is to be handed out behind the first view of the group, and then that view again; null for nothing. */
  private gapBehind(name: string): GapEvent | null {
    const { group, continuity } = this.all.get(name) ?? {};
    if (!continuity?.isLate || !continuity.early || !group) return null;
    const { early } = continuity;
    continuity.isLate = false;
    continuity.early = null;
    this.gapped.add(name);
    return { kind: 'gap', group: name, since: group.view.id, ...early };
  }

  /** What ends a group that cannot be joined again after a loss; null for any other refusal. */
  private endOf({ refused, groups }: RejectEvent): readonly [GapEvent, SelfLeaveEvent] | null {
    const gap = refused === 'join' ? this.gapBefore(groups[0] ?? '') : null;
    if (gap === null) return null;
    const { group, since: id } = gap;
    return [
      { ...gap, reason: 'not-permitted' },
      { kind: 'self-leave', group, id },
    ];
  }

  private continuityOf(name: string): Continuity | null {
    const membership = this.all.get(name);
    return membership ? continuityOf(membership) : null;
  }
}

const continuityOf = (membership: Membership): Continuity => (membership.continuity ??= new Continuity());

const NONE: ReadonlySet<Membership> = new Set();
