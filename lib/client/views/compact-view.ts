/** What a record, a NETWORK or a LIST says of a view, without what the list adds to it. */
import type { ListHead } from '../../wire/extension/list.js';
import type { MemberRecord } from '../../wire/extension/member.js';
import type { MemberRange, Network } from '../../wire/extension/network.js';
import type { ViewRecord } from '../../wire/extension/view-changes.js';
import type { GroupId } from '../../wire/group-id.js';
import type { GroupView, Returned } from './group-view.js';
import type { CompactMembers } from './members.js';

const NOBODY: readonly never[] = [];

/** A view whose members can still be put right. */
export interface CompactView extends GroupView {
  readonly members: CompactMembers;
}

/** What the follower of the group knows. */
export interface Place {
  readonly group: string;
  /** Private group of the connection. */
  readonly own: string;
  readonly myIndex: number;
}

/** Id of the view that a record makes. @param k number of the record in its frame */
export const recordId = ([daemon, time, counter]: GroupId, k: number): GroupId => [
  daemon,
  time,
  (counter + k) | 0,
];

export function recordView(
  { group, own, myIndex }: Place,
  record: ViewRecord,
  id: GroupId,
  size: number,
  members: CompactMembers,
): CompactView {
  const { cause, name } = record;
  const isJoin = cause === 'join';
  const one = [name];
  return {
    group,
    id,
    cause,
    changed: name,
    members,
    size,
    myIndex,
    joined: isJoin ? one : NOBODY,
    left: isJoin ? NOBODY : one,
    cameWithMe: !isJoin ? all : name === own ? one : (names) => names.filter((each) => each !== name),
    returned: returnedOf(record),
    messages: null,
  };
}

const all = (names: readonly string[]): readonly string[] => names;

/** The view that a NETWORK makes. @param left in the order of the list before it */
export function networkView(
  { group, myIndex }: Place,
  frame: Network,
  left: readonly string[],
  members: CompactMembers,
): CompactView {
  const gone = new Set(frame.gone);
  const come = inOrder(frame.come);
  const ranges = frame.ownSet === null ? NOBODY : (frame.sets[frame.ownSet] ?? NOBODY);
  return {
    group,
    id: frame.id,
    cause: 'network',
    changed: null,
    members,
    size: frame.members,
    myIndex,
    joined: come.map(({ name }) => name).filter((name) => !gone.has(name)),
    left,
    cameWithMe: (names) => within(names, ranges),
    returned: come.flatMap(returnedOf),
    messages: null,
  };
}

/** The members in these ranges, in their order. */
const within = (names: readonly string[], ranges: readonly MemberRange[]): readonly string[] =>
  ranges
    .toSorted((a, b) => a.first - b.first)
    .flatMap(({ first, count }) => names.slice(first, first + count));

/** By their places in the final list. */
export const inOrder = <T extends { readonly index: number }>(come: readonly T[]): readonly T[] =>
  come.toSorted((a, b) => a.index - b.index);

/** The first view of a member. @param names of the list, null without one */
export function firstView(
  { group, own, myIndex }: Place,
  head: ListHead,
  names: readonly string[] | null,
  members: CompactMembers,
): CompactView {
  const cause = head.cause === 'none' ? 'join' : head.cause;
  const me = [own];
  return {
    group,
    id: head.id,
    cause,
    changed: cause === 'network' ? null : own,
    members,
    size: head.members,
    myIndex,
    joined: names ?? me,
    left: NOBODY,
    cameWithMe: me,
    returned: NOBODY,
    isBehindGap: head.afterGap,
    messages: head.messages,
  };
}

const returnedOf = ({ name, returned }: MemberRecord): readonly Returned[] =>
  returned === null ? NOBODY : [{ from: returned, to: name }];
