/** A view of a group as those see it who watch the daemon. It is made only while somebody watches. */
import type { GroupId } from '../../lib/wire/group-id.js';
import type { ChangeCause } from '../../lib/wire/extension/view-changes.js';
import type { Group } from './group.js';

/** Names of those who came or went that a view tells at most, of each. */
const MOST_NAMES = 10;

export interface WatchedView {
  readonly group: string;
  readonly id: GroupId;
  readonly cause: ChangeCause | 'network';
  /** Number of its members. */
  readonly members: number;
  /** Ids of members who came, at most ten. */
  readonly came: readonly string[];
  /** Ids of members who went, at most ten. */
  readonly gone: readonly string[];
  /** Members who came or went and are not named. */
  readonly more: number;
}

export type ViewWatcher = (view: WatchedView) => void;

/** One member has joined or gone. */
export function watchedChange({ name, id, members }: Group, cause: ChangeCause, who: string): WatchedView {
  const isJoin = cause === 'join';
  const [came, gone] = isJoin ? [[who], []] : [[], [who]];
  return { group: name, id, cause, members: members.length, came, gone, more: 0 };
}

/** The daemon view has changed. */
export function watchedNetwork(
  { name, id, members }: Group,
  gone: readonly string[],
  came: Iterable<{ readonly privateGroup: string }>,
): WatchedView {
  const first: string[] = [];
  let others = Math.max(0, gone.length - MOST_NAMES);
  for (const { privateGroup } of came) {
    if (first.length < MOST_NAMES) first.push(privateGroup);
    else others++;
  }
  const told = { came: first, gone: gone.slice(0, MOST_NAMES), more: others };
  return { group: name, id, cause: 'network', members: members.length, ...told };
}
