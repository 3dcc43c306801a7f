/** What a replay needs of the daemon: where its events go, the groups as they are now, and who comes back. */
import type { Buffer } from 'node:buffer';
import type { GapReason } from '../../lib/wire/extension/gap.js';
import type { Mark, Position } from '../../lib/wire/extension/position.js';
import type { ResumeGroup } from '../../lib/wire/extension/resume.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import type { GroupList } from './past-list.js';
import type { MemberChange, NetworkChange } from './ring-entry.js';

/**
 * `join` and `again`, for a member that did not follow the group, are events; the list of the present behind a gap is none, nor is
 * the one of members in another order.
 */
export type ListReason = 'join' | 'again' | 'gap' | 'order';

/** Where the events go. Bytes belong to the sink. */
export interface ReplaySink {
  /** Whether enough waits for the socket: the rest is read when that has gone. */
  readonly isFull: boolean;
  mark(mark: Mark): void;
  /** Frames that stand side by side. */
  data(bytes: Buffer, start: number, end: number, frames: number): void;
  member(change: MemberChange): void;
  /** @param isListed whether the client is a member of the group before this view */
  network(change: NetworkChange, isListed: boolean): void;
  list(list: GroupList, reason: ListReason): void;
  signal(group: string, id: GroupId): void;
  left(group: string): void;
  gap(group: string, reason: GapReason): void;
  /** Whether the client has lists of the group only when it asks for them: a list follows each of its network views. */
  isOnDemand(group: string): boolean;
}

/** Groups and session as they are at the end of the ring. */
export interface PresentState {
  /** The view of a group, null for one without members. */
  list(group: string): GroupList | null;
  /** The groups that a private group is a member of. */
  groupsOf(name: string): Iterable<string>;
  /** Id of the view that lost members, when the group has given the signal and no view since. */
  signalled(group: string): GroupId | null;
  /** The names under which messages reach the session. */
  readonly names: readonly string[];
  /** Whether its return has been carried out. */
  readonly hasReturned: boolean;
}

/** The session, as its client and the table of sessions know it. */
export interface ReplayRequest {
  readonly sid: bigint;
  /** Its private group here. */
  readonly name: string;
  /** Whether it wants membership messages. */
  readonly membership: boolean;
  readonly position: Position;
  readonly groups: readonly ResumeGroup[];
  /** Groups that it may not be in any more, or has left elsewhere: it knows that, and gets nothing of them until it has left. */
  readonly refused?: ReadonlySet<string>;
  /** When this daemon began, by the clock of the ring. */
  readonly started: number;
}
