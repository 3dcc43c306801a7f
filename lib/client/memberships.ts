/** The groups of one connection: being joined, joined, being left. */
import { reportRefused, reportView } from '#diagnostics';
import { errorOf } from '../errors.js';
import { CONNECTION_CLOSED, ILLEGAL_PARAM } from '../wire/codes.js';
import { abortable, type Deferred, deferred } from '../util/deferred.js';
import type { ConnectionEvent, GroupEvent, RejectEvent, ViewEvent } from './event.js';
import type { Group } from './group.js';
import type { CheckedJoin } from './options.js';
import { checkPayload, leftEarly, type Membership, modeOf, newMembership } from './membership.js';
import type { Gap } from '../wire/extension/gap.js';
import type { GroupView } from './views/group-view.js';
import type { Synchrony } from './synchronous-mode.js';

/** What the memberships need of their connection. */
export interface MembershipsHost {
  /** Of the connection. */
  id(): string;
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

/** Those of a connection that ends when it is lost; `ReturningMemberships` are those of one that comes back. */
export class Memberships {
  protected readonly all = new Map<string, Membership>();
  private readonly awaited = new Set<object>();
  private gone = false;

  constructor(protected readonly host: MembershipsHost) {}

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

  /** Hands an event to the group that it belongs to, if it is joined. */
  take(name: string, event: GroupEvent): void {
    const membership = this.all.get(name);
    if (!membership || !this.isTaken(membership, event)) return;
    if (event.kind === 'view') reportView(this.host.id(), event);
    // The answer to a leave from before it was asked for.
    if (!membership.group && !membership.left && event.kind === 'self-leave') return;
    if (membership.group) this.deliver(membership.group, event);
    else if (event.kind === 'view') this.arrived(membership, event);
    if (event.kind === 'self-leave') this.remove(membership);
  }

  /**
   * Hands out an event with what goes before or behind it: what is missing after a loss.
   * @param _own id of the connection
   */
  handOut(event: ConnectionEvent, _own: string, handOut: (event: ConnectionEvent) => void): void {
    handOut(event);
  }

  /** A view is about to be handed out that came as a change of a list. */
  listed(_view: GroupView): void {
    // Where nothing goes missing, nothing is counted.
  }

  /** The daemon says that continuity of a group is lost here. @param _awayMs milliseconds from the loss to the return */
  gap(_gap: Gap, _awayMs: number): void {
    // Said to a connection that comes back.
  }

  /** The next view of the group is one of the present. If it is the first one, the own join was missed. */
  joinMissed(_name: string): void {
    // Nothing is.
  }

  /** The daemon refused a request. */
  refused(event: RejectEvent): void {
    const { refused, groups, error } = event;
    reportRefused(this.host.id(), event);
    const membership = this.all.get(groups[0] ?? '');
    if (!membership || refused === 'data') return;
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

  /** Whether an event belongs to what was asked for. */
  protected isTaken(_membership: Membership, _event: GroupEvent): boolean {
    return true;
  }

  protected deliver(group: Group, event: GroupEvent): void {
    group.deliver(event);
  }

  /** Asks the daemon of now to join. */
  protected requestJoin({ name, isListed }: Membership): boolean {
    return this.host.requestJoin(name, !isListed);
  }

  private begin(name: string, { synchrony, onDemand, payload }: Join): Membership {
    const first = this.awaiting<Group>();
    const membership = newMembership(name, { synchrony, onDemand, payload }, first);
    this.all.set(name, membership);
    if (synchrony) this.host.synchronize(name, synchrony);
    this.requestJoin(membership);
    return membership;
  }

  /** The first view is there. */
  protected arrived(membership: Membership, view: ViewEvent): Group {
    const group = this.host.newGroup(view, membership);
    membership.group = group;
    this.answered(membership.first).resolve(group);
    return group;
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

  protected remove(membership: Membership, error?: Error): void {
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
