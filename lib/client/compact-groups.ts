/** The groups of a connection that has compact views: frames in, views out, and what waits for lists. */
import { warn } from '#report';
import { ConnectionClosedError, errorOf, IllegalStateError, TooManyMembersError } from '../errors.js';
import { reportList } from '../mailbox/diagnostics.js';
import { ReceivedExtension } from '../mailbox/extension.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import { abortable, type Deferred, deferred } from '../util/deferred.js';
import { CONNECTION_CLOSED } from '../wire/codes.js';
import type { Gap } from '../wire/extension/gap.js';
import { FrameFault } from '../wire/fault.js';
import { FEATURE_COMPACT_VIEWS, FEATURE_LISTS_ON_DEMAND } from '../wire/extension/features.js';
import { encodeListRequest } from '../wire/extension/list.js';
import { MAX_COMPACT_MEMBERS } from '../wire/limits.js';
import { JOIN_MESS } from '../wire/service.js';
import type { FollowerSink, ListAnswer } from './views/follower.js';
import { Followers } from './views/followers.js';
import type { GroupView } from './views/group-view.js';

/** The mode of a join, its only byte. */
const LIST_ON_DEMAND = Uint8Array.of(1);

/** What the groups need of their connection. */
export interface CompactHost {
  view(view: GroupView): void;
  /** Continuity of a group is lost here. */
  gap(gap: Gap): void;
  /** Everything that was missed has been taken. */
  resumed(): void;
  /** There is a question whose answer is awaited; see `isAwaiting`. */
  awaiting(): void;
  /** Whether the members of the group agree on their views, so that none of them may see a list that is wrong. */
  isSynchronous(group: string): boolean;
  /** The connection cannot continue. */
  broken(error: Error): void;
}

/** Calls for one list, which are settled together. */
interface WaitingCalls extends Deferred<void> {
  calls: number;
}

/** Why a list that was asked for is not there. */
const refusals: Readonly<Record<Exclude<ListAnswer, 'right'>, (group: string) => Error>> = {
  'too-long': (group) => new TooManyMembersError(`list ${group}`),
  wrong: (group) => new IllegalStateError(`the list of ${group} that came is not what the daemon says of it`),
};

export class CompactGroups implements FollowerSink {
  private readonly followers: Followers;
  /** Calls that wait for the list of a group. */
  private readonly waiting = new Map<string, WaitingCalls>();
  /** Lists that were not what the daemon said. */
  private mismatches = 0;
  private isOver = false;

  /**
   * @param names private groups of the connection, the one at this daemon first
   * @param before where the session comes from, if it continues here
   */
  constructor(
    private readonly mailbox: Mailbox,
    names: readonly string[],
    private readonly host: CompactHost,
    before: CompactGroups | null,
  ) {
    this.followers = before?.followers ?? new Followers(mailbox.privateGroup, this);
    this.followers.names = names;
  }

  /** Whether somebody waits for a list: it comes behind what waits for readers. */
  get isAwaiting(): boolean {
    return this.waiting.size > 0;
  }

  /** Asks the daemon to join. One that gives no lists on demand gives them always. @returns whether there is one */
  requestJoin(group: string, onDemand: boolean): boolean {
    const isOnDemand = this.isOnDemand(onDemand);
    if (this.isCompact) this.followers.join(group, !isOnDemand);
    void this.mailbox.send(JOIN_MESS, [group], 0, isOnDemand ? [LIST_ON_DEMAND] : []);
    return this.mailbox.state === 'open';
  }

  /** The group continues here, or will be joined without a request. @returns whether its list comes on demand only */
  expect(group: string, onDemand: boolean): boolean {
    const isOnDemand = this.isOnDemand(onDemand);
    if (!this.followers.get(group)) this.followers.join(group, !isOnDemand);
    return isOnDemand;
  }

  /** @returns whether there is nothing in it for anybody else */
  take(arrival: ReceivedMessage): boolean {
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

  /** What the daemon states of a member; null for nothing. */
  subjectOf(group: string, id: string): string | null {
    return this.followers.get(group)?.subjectOf(id) ?? null;
  }

  /** Resolves when the newest view of the group has its list. */
  async list(group: string, signal: AbortSignal | undefined): Promise<void> {
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

  /** The group was left, or not joined. */
  forget(group: string): void {
    this.followers.forget(group);
    this.settle(group, new IllegalStateError(`${group} was left`));
  }

  /** This daemon is taken from. */
  begin(): void {
    this.followers.continueWith(this);
  }

  /** Another daemon is taken from: who waits for a list asks again there. */
  moved(): void {
    this.isOver = true;
    for (const group of this.waiting.keys()) this.settle(group, null);
  }

  end(error: Error): void {
    this.isOver = true;
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
