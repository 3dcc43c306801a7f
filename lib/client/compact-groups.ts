/** The groups of a connection that has compact views: frames in, views out, and what waits for lists. */
import { reportList } from '#diagnostics';
import { warn } from '#report';
import { ConnectionClosedError, errorOf, IllegalStateError, TooManyMembersError } from '../errors.js';
import { ReceivedExtension } from '../mailbox/extension.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import { abortable, type Deferred, deferred } from '../util/deferred.js';
import { CONNECTION_CLOSED } from '../wire/codes.js';
import { FrameFault } from '../wire/fault.js';
import { FEATURE_COMPACT_VIEWS, FEATURE_LISTS_ON_DEMAND } from '../wire/extension/features.js';
import { encodeListRequest } from '../wire/extension/list.js';
import { MAX_COMPACT_MEMBERS } from '../wire/limits.js';
import { type GroupsHost, PlainGroups } from './plain-groups.js';
import type { FollowerSink, ListAnswer } from './views/follower.js';
import { Followers } from './views/followers.js';
import type { GroupView } from './views/group-view.js';

/** The mode of a join, its only byte. */
const LIST_ON_DEMAND = Uint8Array.of(1);

/** Calls for one list, which are settled together. */
interface WaitingCalls extends Deferred<void> {
  calls: number;
}

/** Why a list that was asked for is not there. */
const refusals: Readonly<Record<Exclude<ListAnswer, 'right'>, (group: string) => Error>> = {
  'too-long': (group) => new TooManyMembersError(`list ${group}`),
  wrong: (group) => new IllegalStateError(`the list of ${group} that came is not what the daemon says of it`),
};

export class CompactGroups extends PlainGroups implements FollowerSink {
  private readonly followers: Followers;
  /** Calls that wait for the list of a group. */
  private readonly waiting = new Map<string, WaitingCalls>();
  /** Lists that were not what the daemon said. */
  private mismatches = 0;

  constructor(mailbox: Mailbox, names: readonly string[], host: GroupsHost, before: PlainGroups | null) {
    super(mailbox, names, host, before);
    this.followers =
      before instanceof CompactGroups ? before.followers : new Followers(mailbox.privateGroup, this);
    this.followers.names = names;
  }

  override get isAwaiting(): boolean {
    return this.waiting.size > 0;
  }

  override requestJoin(group: string, onDemand: boolean): boolean {
    const isOnDemand = this.isOnDemand(onDemand);
    if (this.isCompact) this.followers.join(group, !isOnDemand);
    return isOnDemand ? this.request(group, LIST_ON_DEMAND) : this.request(group);
  }

  override expect(group: string, onDemand: boolean): boolean {
    const isOnDemand = this.isOnDemand(onDemand);
    if (!this.followers.get(group)) this.followers.join(group, !isOnDemand);
    return isOnDemand;
  }

  override take(arrival: ReceivedMessage): boolean {
    if (arrival.kind === 'self-leave') {
      arrival.leftId = this.followers.left(arrival.name) ?? arrival.leftId;
      this.settle(arrival.name, new IllegalStateError(`${arrival.name} was left`));
      return false;
    }
    if (!(arrival instanceof ReceivedExtension)) return false;
    if (arrival.frame.kind === 'gap') this.host.gap(arrival.frame);
    else if (arrival.frame.kind === 'resumed') this.host.resumed();
    else this.followers.take(arrival.frame);
    return true;
  }

  override subjectOf(group: string, id: string): string | null {
    return this.followers.get(group)?.subjectOf(id) ?? null;
  }

  override async list(group: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.isOver) throw errorOf(CONNECTION_CLOSED);
    const follower = this.followers.get(group);
    if (!follower || follower.isFollowed) return;
    let waiting = this.waiting.get(group);
    if (!waiting) {
      waiting = { ...deferred<void>(), calls: 0 };
      this.waiting.set(group, waiting);
      follower.want();
      this.host.awaiting();
    }
    waiting.calls++;
    try {
      await abortable(waiting.promise, signal);
    } finally {
      // Nobody waits for it any more: readers that are full are full again.
      if (--waiting.calls === 0 && this.waiting.get(group) === waiting) this.waiting.delete(group);
    }
  }

  override forget(group: string): void {
    this.followers.forget(group);
    this.settle(group, new IllegalStateError(`${group} was left`));
  }

  override begin(): void {
    this.followers.continueWith(this);
  }

  override moved(): void {
    super.moved();
    for (const group of this.waiting.keys()) this.settle(group, null);
  }

  override end(error: Error): void {
    super.end(error);
    for (const group of this.waiting.keys()) this.settle(group, error);
  }

  // What the followers want.

  view(view: GroupView): void {
    if (this.isOver) return;
    const { group, size, members } = view;
    if (members.isListed || !this.host.isSynchronous(group)) return this.host.view(view);
    // Its members act on the list together.
    this.break(
      size > MAX_COMPACT_MEMBERS
        ? new TooManyMembersError(`view ${group}`)
        : new FrameFault('extension', `a view of ${group} came without the list of its members`),
    );
  }

  ask(group: string): void {
    void this.mailbox.sendExtension(encodeListRequest(group));
  }

  answered(group: string, answer: ListAnswer): void {
    this.settle(group, answer === 'right' ? null : refusals[answer](group));
  }

  mismatch(group: string, expected: number, got: number): void {
    const id = this.mailbox.privateGroup;
    const count = ++this.mismatches;
    reportList({ id, group, expected, got, count });
    if (this.host.isSynchronous(group)) {
      this.break(new FrameFault('extension', `the members of ${group} are not what the daemon says`));
    } else if (count === 1) {
      const text = `${id}: the members of ${group} are not what the daemon says, and are asked for again`;
      warn(text, 'SspListWarning');
    }
  }

  private get isCompact(): boolean {
    return ((this.mailbox.extension?.features ?? 0) & FEATURE_COMPACT_VIEWS) !== 0;
  }

  private isOnDemand(isWanted: boolean): boolean {
    return isWanted && ((this.mailbox.extension?.features ?? 0) & FEATURE_LISTS_ON_DEMAND) !== 0;
  }

  private break(cause: Error): void {
    this.host.broken(new ConnectionClosedError(cause.message, { cause }));
  }

  private settle(group: string, error: Error | null): void {
    const waiting = this.waiting.get(group);
    if (!waiting) return;
    this.waiting.delete(group);
    if (error) waiting.reject(error);
    else waiting.resolve();
  }
}
