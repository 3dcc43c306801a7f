/**
 * All groups by name, and their ids. A group id is (first daemon of the daemon view, that view's time, counter); the
 * counter is 1 for a new group and rises with every join, leave and disconnect [daemon 2.4].
 *
 * Spread 5.0.1 starts a group that became empty and is created again at 1, so ids come twice [daemon D6]. Here
 * the last counter of a group that is gone is remembered and its next life continues after it.
 *
 * A group that a new daemon view does not touch keeps its id, but its next view begins with the words of that daemon
 * view. With the old words its id could be one that daemons on another side gave for a join that was seen there alone.
 */
import type { GroupId } from '../../lib/wire/group-id.js';
import { Group } from './group.js';
import { firstCountIn, firstCountOf } from './message-counts.js';
import { type HashKey, NameTable } from './name-table.js';

/** Counters of gone groups that are remembered by name; the oldest then raise the floor under all new groups. */
export const MAX_REMEMBERED_GROUPS = 65_536;

export class Groups {
  private readonly table: NameTable<Group>;
  private readonly gone = new Map<string, number>();
  private minCounter = 0;
  /** Of groups that an exchange gives. */
  private firstCount = 0;
  private idPrefix: readonly [daemon: number, time: number] = [0, 0];

  /** @param key known to nobody who chooses names */
  constructor(key: HashKey) {
    this.table = new NameTable(key);
  }

  get size(): number {
    return this.table.size;
  }

  /**
   * The exchange of a new daemon view is complete: ids of groups that begin from now on carry its two words, so old
   * counters do not matter.
   */
  begin(daemon: number, time: number): void {
    this.idPrefix = [daemon | 0, time | 0];
    this.gone.clear();
    this.minCounter = 0;
  }

  /** The daemons of the view with that tag come from several pasts: messages are counted from here on. @yields units of work */
  *restartCounts(tag: bigint): Generator<number, void> {
    this.firstCount = firstCountIn(tag);
    let count = 0;
    for (const group of this.table.values()) {
      group.messages = this.firstCount;
      if (++count % STEP === 0) yield STEP / COMPARISONS;
    }
  }

  /** The group whose name stands in the field at `at`. */
  find(bytes: Uint8Array, at: number): Group | undefined {
    return this.table.find(bytes, at);
  }

  /** A group without members yet; its first `nextId` gives its first view. */
  create(name: string): Group {
    const group = new Group(name, [...this.idPrefix, this.gone.get(name) ?? this.minCounter]);
    group.messages = firstCountOf(group.id);
    this.gone.delete(name);
    this.table.add(group);
    return group;
  }

  /** A group as a daemon view's exchange gives it, without its members yet. */
  restore(name: string, id: GroupId): Group {
    const group = new Group(name, id);
    group.messages = this.firstCount;
    this.table.add(group);
    return group;
  }

  /** Takes out a group that has no members after an exchange; old counters do not matter then. */
  drop(group: Group): void {
    this.table.delete(group);
  }

  /** The id of the group's next view. */
  advance(group: Group): GroupId {
    group.id = [...this.idPrefix, (group.id[2] + 1) | 0];
    return group.id;
  }

  /** The group has no members: it vanishes. */
  delete(group: Group): void {
    this.table.delete(group);
    this.gone.set(group.name, group.id[2]);
    if (this.gone.size <= MAX_REMEMBERED_GROUPS) return;
    const [oldest, counter] = this.gone.entries().next().value as [string, number];
    this.gone.delete(oldest);
    this.minCounter = Math.max(this.minCounter, counter);
  }

  values(): IterableIterator<Group> {
    return this.table.values();
  }
}

// Sorting in pieces.

/** Sorted at once: this takes about a millisecond. */
const RUN = 2048;
const RUN_COST = 1000;
const STEP = 256;
/** Comparisons in one unit of work. */
const COMPARISONS = 16;

/** In byte order of the names. @yields units of work */
export function* sortedByName(groups: readonly Group[]): Generator<number, readonly Group[]> {
  yield groups.length / COMPARISONS / 4;
  if (isSorted(groups)) return groups;
  let runs: Group[][] = [];
  for (let at = 0; at < groups.length; at += RUN) {
    runs.push(groups.slice(at, at + RUN).toSorted(byName));
    yield RUN_COST;
  }
  while (runs.length > 1) {
    const longer: Group[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const [a, b] = [runs[i] as Group[], runs[i + 1]];
      longer.push(b === undefined ? a : yield* merged(a, b));
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

const byName = (a: Group, b: Group): number => (a.name < b.name ? -1 : 1);

/** As after the first of two changes that follow each other. */
const isSorted = (groups: readonly Group[]): boolean =>
  groups.every((group, i) => i === 0 || (groups[i - 1] as Group).name < group.name);

function* merged(a: readonly Group[], b: readonly Group[]): Generator<number, Group[]> {
  const both: Group[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const [left, right] = [a[i] as Group, b[j] as Group];
    if (left.name < right.name) {
      both.push(left);
      i++;
    } else {
      both.push(right);
      j++;
    }
    if (both.length % STEP === 0) yield STEP / COMPARISONS;
  }
  for (; i < a.length; i++) both.push(a[i] as Group);
  for (; j < b.length; j++) both.push(b[j] as Group);
  return both;
}
