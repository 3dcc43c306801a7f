/** The state that all daemons of a view hold alike: groups, and the table of sessions. What an item does to it, everywhere alike. */
import { ListHash } from '../../../lib/util/list-hash.js';
import type { GroupId } from '../../../lib/wire/group-id.js';
import type { Network } from '../../../lib/wire/extension/network.js';
import type { NewChange } from '../../../daemon/core/ring-entry.js';
import type { Item } from './order.js';

export interface TableEntry {
  last: number;
  attempt: number;
  /** All names it is reached under, the present one last. */
  names: string[];
}

/** What an item gives rise to, beside the frames themselves. */
export type Outcome =
  | { readonly kind: 'change'; readonly change: NewChange }
  | { readonly kind: 'data'; readonly item: Item & { readonly kind: 'data' | 'private' } }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'killed'; readonly name: string }
  | {
      readonly kind: 'moved' | 'refused';
      readonly sid: bigint;
      readonly attempt: number;
      readonly name: string;
    };

/** Faults of what the ring builds on, for the specs that show that the checks see them. */
export interface GroupFaults {
  /** A lower attempt than the last one is carried out. */
  readonly anyAttempt?: boolean;
  /** Repeats are delivered. */
  readonly noDedupe?: boolean;
  /** The old name stays in its groups. */
  readonly oldStays?: boolean;
}

const daemonOf = (name: string): string => name.split('#')[2] ?? '';

export class GroupState {
  groups = new Map<string, { id: GroupId; members: string[] }>();
  table = new Map<bigint, TableEntry>();
  /** The daemons of the view, the first key of the order of members. */
  daemons: readonly string[] = [];
  private counters = new Map<string, number>();
  private prefix = 0;

  constructor(private readonly faults: GroupFaults = {}) {}

  copy(): GroupState {
    const copy = new GroupState(this.faults);
    copy.take(this);
    return copy;
  }

  /** Takes over what another daemon holds. */
  take(other: GroupState): void {
    this.groups = new Map(
      [...other.groups].map(([name, { id, members }]) => [name, { id, members: [...members] }]),
    );
    this.table = new Map(
      [...other.table].map(([sid, entry]) => [sid, { ...entry, names: [...entry.names] }]),
    );
    this.counters = new Map(other.counters);
    this.daemons = other.daemons;
    this.prefix = other.prefix;
  }

  list(group: string): { id: GroupId; members: readonly string[]; hash: bigint } | null {
    const found = this.groups.get(group);
    return found ? { ...found, hash: hashOf(found.members) } : null;
  }

  isMember(group: string, name: string): boolean {
    return this.groups.get(group)?.members.includes(name) ?? false;
  }

  /** A request whose turn comes later has its number here. */
  count(item: Item): void {
    if (!('number' in item)) return;
    const entry = this.table.get(item.sid) ?? { last: 0, attempt: 0, names: [item.from] };
    this.table.set(item.sid, entry);
    entry.last = Math.max(entry.last, item.number);
  }

  *carryOut(item: Item): Generator<Outcome> {
    switch (item.kind) {
      case 'kill':
        for (const change of this.disconnect(item.from)) yield { kind: 'change', change };
        yield { kind: 'killed', name: item.from };
        return;
      case 'return':
        yield* this.comeBack(item);
        return;
      default:
        yield* this.request(item);
    }
  }

  /** Whose homes are gone leave, and each group that lost somebody gets a view. */
  *exchange(
    daemons: readonly string[],
    stays: (daemon: string) => boolean,
    tag: number,
  ): Generator<NewChange> {
    this.daemons = daemons;
    this.prefix = tag;
    this.counters.clear();
    for (const [group, found] of [...this.groups].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const gone = found.members.filter((name) => !stays(daemonOf(name)));
      found.members = this.sorted(found.members.filter((name) => stays(daemonOf(name))));
      if (gone.length === 0) continue;
      const id = this.advance(group);
      found.id = id;
      const members = found.members.length;
      const view: Network = {
        group,
        id,
        reordered: false,
        members,
        hash: hashOf(found.members),
        gone,
        come: [],
        sets: members > 0 ? [[{ first: 0, count: members }]] : [],
        ownSet: members > 0 ? 0 : null,
      };
      if (members === 0) this.groups.delete(group);
      yield { kind: 'network', group, view, goneSubjects: [] };
    }
  }

  private *request(item: Exclude<Item, { kind: 'kill' | 'return' }>): Generator<Outcome> {
    const isRepeat = item.number <= (this.table.get(item.sid)?.last ?? 0) && this.faults.noDedupe !== true;
    this.count(item);
    const entry = this.table.get(item.sid) as TableEntry;
    if (item.kind === 'data' || item.kind === 'private') {
      yield isRepeat ? { kind: 'dropped' } : { kind: 'data', item: item as Item & { kind: 'data' } };
      return;
    }
    // Not by number: a name that the session has no more asks in vain.
    if (entry.names[entry.names.length - 1] !== item.from) return;
    const change =
      item.kind === 'join' ? this.join(item.to, item.from, null) : this.leave(item.to, item.from, 'leave');
    if (change) yield { kind: 'change', change };
    else if (item.kind === 'leave')
      yield { kind: 'change', change: { kind: 'not-member', group: item.to, name: item.from } };
  }

  private *comeBack(item: Item & { kind: 'return' }): Generator<Outcome> {
    const { sid, attempt, name } = item;
    const entry = this.table.get(sid) ?? { last: item.last, attempt: 0, names: [item.old] };
    this.table.set(sid, entry);
    if (attempt <= entry.attempt && this.faults.anyAttempt !== true) {
      yield { kind: 'refused', sid, attempt, name };
      return;
    }
    const before = [...entry.names];
    const old = before[before.length - 1] as string;
    entry.attempt = attempt;
    entry.names = [...before.filter((each) => each !== name), name];
    if ((old !== name || item.isNew) && this.faults.oldStays !== true)
      for (const change of this.disconnect(old)) yield { kind: 'change', change };
    else yield* this.leaveUnwanted(item);
    yield { kind: 'change', change: { kind: 'renamed', sid, names: [...entry.names], before } };
    for (const group of item.groups.toSorted()) {
      const change = this.join(group, name, old) ?? this.stillMember(group, name);
      yield { kind: 'change', change };
    }
    yield { kind: 'moved', sid, attempt, name };
  }

  /** One that takes its session over leaves what it does not want any more. */
  private *leaveUnwanted({ name, groups }: Item & { kind: 'return' }): Generator<Outcome> {
    for (const group of [...this.groups.keys()].toSorted()) {
      const change = groups.includes(group) ? null : this.leave(group, name, 'leave');
      if (change) yield { kind: 'change', change };
    }
  }

  private join(group: string, name: string, returned: string | null): NewChange | null {
    const found = this.groups.get(group) ?? { id: [this.prefix, 0, 0] as GroupId, members: [] };
    if (found.members.includes(name)) return null;
    this.groups.set(group, found);
    found.members = this.sorted([...found.members, name]);
    found.id = this.advance(group);
    const record = {
      cause: 'join' as const,
      index: found.members.indexOf(name),
      name,
      returned,
      subject: null,
    };
    return {
      kind: 'member',
      group,
      id: found.id,
      members: found.members.length,
      hash: hashOf(found.members),
      record,
    };
  }

  private stillMember(group: string, name: string): NewChange {
    const { id, members, hash } = this.list(group) as {
      id: GroupId;
      members: readonly string[];
      hash: bigint;
    };
    return { kind: 'still-member', group, id, members: members.length, hash, name };
  }

  private leave(group: string, name: string, cause: 'leave' | 'disconnect'): NewChange | null {
    const found = this.groups.get(group);
    const index = found?.members.indexOf(name) ?? -1;
    if (!found || index < 0) return null;
    found.members = found.members.filter((each) => each !== name);
    found.id = this.advance(group);
    if (found.members.length === 0) this.groups.delete(group);
    const record = { cause, index, name, returned: null, subject: null };
    return {
      kind: 'member',
      group,
      id: found.id,
      members: found.members.length,
      hash: hashOf(found.members),
      record,
    };
  }

  private *disconnect(name: string): Generator<NewChange> {
    for (const group of [...this.groups.keys()].toSorted()) {
      const change = this.leave(group, name, 'disconnect');
      if (change) yield change;
    }
  }

  private sorted(names: readonly string[]): string[] {
    const position = (name: string): number => this.daemons.indexOf(daemonOf(name));
    return names.toSorted((a, b) => position(a) - position(b) || (a < b ? -1 : 1));
  }

  private advance(group: string): GroupId {
    const counter = (this.counters.get(group) ?? 0) + 1;
    this.counters.set(group, counter);
    return [this.prefix, 0, counter];
  }
}

/** Names a view. Daemons that part can give one id to two views. */
export const gidOf = ({
  group,
  id,
  hash,
}: {
  readonly group: string;
  readonly id: GroupId;
  readonly hash: bigint;
}): string => `${group} ${id.join('.')} ${hash}`;

export function hashOf(names: readonly string[]): bigint {
  const hash = new ListHash();
  for (const name of names) hash.add(name);
  return hash.value;
}

/** Equal for equal groups and tables. */
export const stateText = ({ groups, table }: GroupState): string => {
  const sids = [...table].toSorted(([a], [b]) => Number(a - b));
  const names = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([names, sids.map(([sid, entry]) => [String(sid), entry])]);
};
