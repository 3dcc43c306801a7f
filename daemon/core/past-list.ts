/** The list of a group as it was at a place in the ring: the present one with what came later undone. */
import type { GroupId } from '../../lib/wire/group-id.js';
import { parsePrivateGroup } from '../../lib/wire/name.js';
import type { Change, RingView } from './ring-entry.js';

/** A member as a list has it. */
export interface ListedMember {
  readonly name: string;
  readonly subject: string | null;
}

export interface GroupList {
  readonly group: string;
  readonly id: GroupId;
  readonly hash: bigint;
  /** In member order. */
  readonly members: readonly ListedMember[];
  /** Data messages of the group up to there, as in `message-counts`; null when nobody knows. */
  readonly messages: number | null;
}

/**
 * @param present the members now
 * @param later the changes of the group behind the place, the last one first
 * @param view the daemon view of the place
 * @returns the members at the place, in member order
 */
export function membersBefore(
  present: Iterable<ListedMember>,
  later: Iterable<Change>,
  view: RingView,
): ListedMember[] {
  const members = new Map<string, string | null>();
  for (const { name, subject } of present) members.set(name, subject);
  for (const change of later) undo(members, change);
  const positions = new Map(view.daemons.map((daemon, position) => [daemon, position]));
  const placed = [...members].map(([name, subject]) => ({
    name,
    subject,
    position: positions.get(parsePrivateGroup(name)?.daemon ?? '') ?? view.daemons.length,
  }));
  placed.sort((a, b) => a.position - b.position || (a.name < b.name ? -1 : 1));
  return placed.map(({ name, subject }) => ({ name, subject }));
}

function undo(members: Map<string, string | null>, change: Change): void {
  if (change.kind === 'member') {
    const { cause, name, subject } = change.record;
    if (cause === 'join') members.delete(name);
    else members.set(name, subject);
  } else if (change.kind === 'network') {
    for (const { name } of change.view.come) members.delete(name);
    for (const [i, name] of change.view.gone.entries()) members.set(name, change.goneSubjects[i] ?? null);
  }
}
