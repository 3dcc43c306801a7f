/** The groups of one connection: being joined, joined, being left. */
import { errorOf } from '../errors.js';
import { CONNECTION_CLOSED, ILLEGAL_PARAM, ILLEGAL_STATE } from '../wire/codes.js';
import { JOIN_MESS, LEAVE_MESS } from '../wire/service.js';
import { abortable, type Deferred, deferred } from '../util/deferred.js';
import type { GroupEvent, RejectEvent, ViewEvent } from './event.js';
import type { Group } from './group.js';
import type { CheckedJoin } from './options.js';
import type { Synchrony } from './synchronous-mode.js';

/** What the memberships need of their connection. */
export interface Host {
  request(kind: number, group: string): void;
  /** A group is about to be joined that is view-synchronous. */
  synchronize(group: string, synchrony: Synchrony): void;
  /** A group is about to be left. */
  leaving(group: string): void;
  /** A group was left, or was not joined. */
  gone(group: string): void;
  newGroup(first: ViewEvent, synchrony: Synchrony | null): Group;
  /** There is a request whose answer is awaited; see `isAwaiting`. */
  awaiting(): void;
}

/** A join with its filter, where the group is a secure one. */
type Join = Pick<CheckedJoin, 'signal'> & { readonly synchrony: Synchrony | null };

interface Membership {
  readonly name: string;
  /** How it is view-synchronous; null: a plain group. */
  readonly synchrony: Synchrony | null;
  /** Settles with the first view. */
  readonly first: Deferred<Group>;
  /** There from the first view on. */
  group: Group | null;
  /** Joins that wait for the first view, and whether one of them has brought the group to its caller. */
  joins: number;
  claimed: boolean;
  /** There from the request to leave on; settles with the self-leave. */
  left: Deferred<void> | null;
}

export class Memberships {
  private readonly all = new Map<string, Membership>();
  private readonly awaited = new Set<object>();
  private gone = false;

  constructor(private readonly host: Host) {}

  /** Whether the daemon owes the answer to a join or a leave. */
  get isAwaiting(): boolean {
    return this.awaited.size > 0;
  }

  /** @see Connection.join */
  async join(name: string, { signal, synchrony }: Join): Promise<Group> {
    signal?.throwIfAborted();
    for (let left = this.all.get(name)?.left; left; left = this.all.get(name)?.left) {
      await abortable(
        left.promise.catch(() => undefined),
        signal,
      );
    }
    if (this.gone) throw errorOf(CONNECTION_CLOSED);
    const membership = this.all.get(name) ?? this.begin(name, synchrony);
    if (modeOf(membership.synchrony) !== modeOf(synchrony)) {
      const [has, asked] = [modeOf(membership.synchrony), modeOf(synchrony)];
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
    await this.requestLeave(membership).promise;
  }

  /** Hands an event to the group that it belongs to, if it is joined. */
  take(name: string, event: GroupEvent): void {
    const membership = this.all.get(name);
    if (!membership) return;
    if (membership.group) membership.group.deliver(event);
    else if (event.kind === 'view') this.arrived(membership, event);
    if (event.kind === 'self-leave') this.remove(membership);
  }

  /** The daemon refused a request. */
  refused({ refused, groups, error }: RejectEvent): void {
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

  private begin(name: string, synchrony: Synchrony | null): Membership {
    const first = this.awaiting<Group>();
    const membership = { name, synchrony, first, group: null, joins: 0, claimed: false, left: null };
    this.all.set(name, membership);
    if (synchrony) this.host.synchronize(name, synchrony);
    this.host.request(JOIN_MESS, name);
    return membership;
  }

  private arrived(membership: Membership, view: ViewEvent): void {
    membership.group = this.host.newGroup(view, membership.synchrony);
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
      this.host.request(LEAVE_MESS, membership.name);
    }
    return membership.left;
  }

  private remove(membership: Membership, error?: Error): void {
    this.all.delete(membership.name);
    this.host.gone(membership.name);
    const { name, first, left } = membership;
    this.answered(first).reject(error ?? errorOf(ILLEGAL_STATE, `${name} was left before its first view`));
    if (left) this.answered(left).resolve();
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

/** In words, which differ where two joins of one group do not go together. */
const modeOf = (synchrony: Synchrony | null): string => {
  if (synchrony?.filter) return 'secure';
  return synchrony === null ? 'viewSynchrony: false' : `flush: '${synchrony.flush ?? 'auto'}'`;
};
