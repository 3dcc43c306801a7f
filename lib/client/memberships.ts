/** The groups of one connection: being joined, joined, being left. */
import { errorOf } from '../errors.js';
import { CONNECTION_CLOSED, ILLEGAL_PARAM } from '../wire/codes.js';
import { abortable, type Deferred, deferred } from '../util/deferred.js';
import type { GroupEvent, RejectEvent, SelfLeaveEvent, ViewEvent } from './event.js';
import type { Group } from './group.js';
import type { CheckedJoin } from './options.js';
import type { GapEvent, GapReason } from './resume/events.js';
import { checkPayload, leftEarly, type Membership, modeOf, newMembership } from './membership.js';
import type { StreamPosition } from './resume/position.js';
import type { Gap } from '../wire/extension/gap.js';
import type { ResumeGroup } from '../wire/extension/resume.js';
import type { GroupView } from './views/group-view.js';
import type { Synchrony } from './synchronous-mode.js';

/** What the memberships need of their connection. */
export interface Host {
  /** @returns false when there is no connection now: what is wanted is asked for when it is back */
  requestJoin(group: string, onDemand: boolean): boolean;
  requestLeave(group: string): void;
  /** The group continues, or will be joined without a request. @returns whether its list comes on demand only */
  expect(group: string, onDemand: boolean): boolean;
  /** A group is about to be joined that is view-synchronous. */
  synchronize(group: string, synchrony: Synchrony): void;
  /** A group is about to be left. */
  leaving(group: string): void;
  /** The answer to a leave of the group has arrived. */
  answered(group: string): void;
  /** What a join of the group has to wait for; null for nothing. */
  before(group: string): Promise<void> | null;
  /** A group was left, or was not joined. */
  gone(group: string): void;
  newGroup(first: ViewEvent, how: Pick<Membership, 'synchrony' | 'payload'>): Group;
  /** There is a request whose answer is awaited; see `isAwaiting`. */
  awaiting(): void;
}

/** A join with its filter, where the group is a secure one. */
type Join = Pick<CheckedJoin, 'signal' | 'onDemand'> & Pick<Membership, 'synchrony' | 'payload'>;

export class Memberships {
  private readonly all = new Map<string, Membership>();
  private readonly awaited = new Set<object>();
  private gone = false;
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

  constructor(private readonly host: Host) {}

  /** Whether the daemon owes the answer to a join or a leave. */
  get isAwaiting(): boolean {
    return this.awaited.size > 0;
  }

  /** @see Connection.join */
  async join(name: string, join: Join): Promise<Group> {
    const { signal } = join;
    signal?.throwIfAborted();
    for (let old = this.all.get(name); old?.left; old = this.all.get(name)) {
      const { left, leaves } = old;
      await abortable(
        left.promise.catch(() => undefined),
        signal,
      );
      if (old.leaves > leaves) throw leftEarly(name);
    }
    for (let before = this.host.before(name); before && !this.all.has(name); before = this.host.before(name))
      await this.through(before, signal);
    if (this.gone) throw errorOf(CONNECTION_CLOSED);
    const membership = this.all.get(name) ?? this.begin(name, join);
    const [has, asked] = [modeOf(membership), modeOf(join)];
    checkPayload(membership, join);
    if (has !== asked) {
      throw errorOf(ILLEGAL_PARAM, `${name} is joined with ${has}, and not with ${asked}`);
    }
    membership.joins++;
    try {
      const group = await abortable(membership.first.promise, signal);
      membership.claimed = true;
      return group;
    } finally {
      membership.joins--;
      if (!membership.claimed && membership.joins === 0) this.abandon(membership);
    }
  }

  /** @param which a name, or one group of that name and no later one */
  async leave(which: string | Group): Promise<void> {
    const membership = this.all.get(typeof which === 'string' ? which : which.name);
    if (!membership || (typeof which !== 'string' && membership.group !== which)) return;
    if (typeof which === 'string') membership.leaves++;
    await this.requestLeave(membership).promise;
  }

  /** Whether messages of the group come to this connection. */
  has(name: string): boolean {
    return Boolean(this.all.get(name)?.group);
  }

  /** The list of the group is asked for: from now on it is kept, at the next daemon, too. */
  list(name: string): void {
    const membership = this.all.get(name);
    if (membership) membership.isListed = true;
  }

  /** A view is about to be handed out, whose list may say how many messages there were. */
  listed({ group, messages }: GroupView): void {
    if (messages !== null) this.all.get(group)?.count.listed(messages);
  }

  /** Hands an event to the group that it belongs to, if it is joined. */
  take(name: string, event: GroupEvent): void {
    const membership = this.all.get(name);
    if (!membership) return;
    // Before its first view a group is not joined yet, also when it was before the loss.
    if (membership.gap && event.kind === 'data') return;
    if (event.kind === 'data') membership.count.message();
    // The daemon before the loss has ended a membership that was asked for again.
    if (this.isOld && !this.isMoving && membership.isAsked && event.kind === 'self-leave') return;
    // The answer to a leave from before it was asked for, which was sent again.
    if (!membership.group && !membership.left && event.kind === 'self-leave') return;
    if (membership.group) membership.group.deliver(event, this.isAway);
    else if (event.kind === 'view') this.arrived(membership, event);
    if (event.kind === 'self-leave') this.remove(membership);
  }

  /** What is to be handed out before a view of the group, or its end: a gap, where continuity was lost before it. */
  gapBefore(name: string): GapEvent | null {
    const membership = this.all.get(name);
    if (!membership) return null;
    const { count, gap } = membership;
    const missed = count.view(gap?.reason ?? null);
    membership.gap = null;
    return gap && { ...gap, missed: gap.missed ?? missed };
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

  /** The connection is lost, at this moment. @param isMove goes to another daemon, and the last one is still to be read */
  lost(isMove: boolean): void {
    this.isLost = this.isOld = this.isAway = true;
    this.isMoving = isMove;
    for (const membership of this.all.values()) {
      membership.isAsked = false;
      membership.group?.lost();
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
      membership.isAsked = !isOver;
      if (isOver) this.host.answered(membership.name);
    }
    return [...new Set([...position.groups, ...this.all.keys()])].map((group) => {
      const membership = this.all.get(group);
      const wanted = membership?.isAsked === true;
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
    for (const membership of this.all.values()) {
      if (membership.left) continue;
      membership.isAsked = this.host.requestJoin(membership.name, !membership.isListed);
    }
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
      const { name: group, group: joined, gap } = membership;
      if (dropped.has(membership)) {
        if (joined) leaves.push({ kind: 'self-leave', group, id: joined.view.id });
        else this.remove(membership);
      } else if (joined) {
        const [since, earlier] = [joined.view.id, gap?.awayMs ?? 0];
        membership.gap = { kind: 'gap', group, reason, missed: null, awayMs: earlier + awayMs, since };
      }
    }
    return leaves;
  }

  /** The daemon says that continuity of a group is lost here. */
  gap({ group, reason, missed }: Gap, awayMs: number): void {
    const membership = this.all.get(group);
    if (!membership) return;
    if (!membership.group) {
      membership.early = { reason, missed, awayMs };
      return;
    }
    this.gapped.add(group);
    const since = membership.gap?.since ?? membership.group.view.id;
    membership.gap = { kind: 'gap', group, reason, missed, awayMs, since };
  }

  /** The next view of the group is one of the present. If it is the first one, the own join was missed. */
  joinMissed(name: string): void {
    const membership = this.all.get(name);
    if (membership?.early && !membership.group) membership.isLate = true;
  }

  /** What is to be handed out behind the first view of the group, and then that view again; null for nothing. */
  gapBehind(name: string): GapEvent | null {
    const membership = this.all.get(name);
    if (!membership?.isLate || !membership.early || !membership.group) return null;
    const { early, group } = membership;
    membership.isLate = false;
    membership.early = null;
    this.gapped.add(name);
    return { kind: 'gap', group: name, since: group.view.id, ...early };
  }

  /** Everything that was missed was taken. */
  back(): void {
    this.isAway = false;
    for (const { group, gap } of this.all.values()) if (gap === null) group?.returned();
  }

  /** What ends a group that cannot be joined again after a loss; null for any other refusal. */
  endOf({ refused, groups }: RejectEvent): readonly [GapEvent, SelfLeaveEvent] | null {
    const gap = refused === 'join' ? this.gapBefore(groups[0] ?? '') : null;
    if (gap === null) return null;
    const { group, since: id } = gap;
    return [
      { ...gap, reason: 'not-permitted' },
      { kind: 'self-leave', group, id },
    ];
  }

  /** The daemon refused a request. */
  refused({ refused, groups, error }: RejectEvent): void {
    const membership = this.all.get(groups[0] ?? '');
    // What a daemon said before the loss is asked again at the next one.
    if (!membership || refused === 'data' || this.isOld) return;
    if (refused === 'join' && !membership.group) {
      this.remove(membership, error);
    } else if (refused === 'leave' && membership.left) {
      this.answered(membership.left).reject(error);
      membership.left = null;
    }
  }

  /** No first view comes: its joins fail, and it is left. */
  failed(name: string, error: Error): void {
    const membership = this.all.get(name);
    if (!membership || membership.group) return;
    this.answered(membership.first).reject(error);
    this.abandon(membership);
  }

  /** The connection is gone, with an error if it was lost: groups end, joins fail, and everything is left. */
  end(error?: Error): void {
    this.gone = true;
    for (const membership of this.all.values()) {
      membership.group?.end(error);
      this.remove(membership, error ?? errorOf(CONNECTION_CLOSED, 'closed on this side'));
    }
  }

  private begin(name: string, { synchrony, onDemand, payload }: Join): Membership {
    const first = this.awaiting<Group>();
    const membership = newMembership(name, { synchrony, onDemand, payload }, first);
    this.all.set(name, membership);
    if (synchrony) this.host.synchronize(name, synchrony);
    membership.isAsked = this.host.requestJoin(name, onDemand);
    return membership;
  }

  private arrived(membership: Membership, view: ViewEvent): void {
    membership.group = this.host.newGroup(view, membership);
    if (this.isAway) membership.group.lost();
    this.answered(membership.first).resolve(membership.group);
  }

  /** A join that nobody wants any more is undone, so that no connection is a member without knowing. */
  private abandon(membership: Membership): void {
    if (this.all.get(membership.name) === membership) this.requestLeave(membership);
  }

  private requestLeave(membership: Membership): Deferred<void> {
    if (!membership.left) {
      membership.left = this.awaiting();
      this.host.leaving(membership.name);
      this.host.requestLeave(membership.name);
    }
    return membership.left;
  }

  private remove(membership: Membership, error?: Error): void {
    this.all.delete(membership.name);
    this.host.gone(membership.name);
    const { name, first, left } = membership;
    this.answered(first).reject(error ?? leftEarly(name));
    if (left) this.answered(left).resolve();
  }

  /** What it waits for stands behind messages that nobody has read: it comes through, as answers do. */
  private async through(before: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    const request = this.awaiting<void>();
    try {
      await abortable(before, signal);
    } finally {
      this.answered(request).resolve();
    }
  }

  private awaiting<T>(): Deferred<T> {
    const request = deferred<T>();
    this.awaited.add(request);
    this.host.awaiting();
    return request;
  }

  private answered<T>(request: Deferred<T>): Deferred<T> {
    this.awaited.delete(request);
    return request;
  }
}

const NONE: ReadonlySet<Membership> = new Set();
