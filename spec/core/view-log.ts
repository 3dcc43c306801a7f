/**
 * What a session saw of one group, in the same words whether it gets whole views or records: so the two can be compared.
 * The list of one with records is kept here as a flat array, by the rules of the wire and with no code of the library.
 */
import { type List, readList } from '../../lib/wire/extension/list.js';
import { Kind, frameKind } from '../../lib/wire/extension/frame.js';
import { type Network, readNetwork } from '../../lib/wire/extension/network.js';
import { type ViewChanges, readViews } from '../../lib/wire/extension/view-changes.js';
import { ListHash } from '../../lib/util/list-hash.js';
import type { Delivery } from '../../lib/wire/delivery.js';
import {
  EXTENSION_MESS,
  isRegularMembership,
  isReject,
  isSelfLeave,
  isTransition,
} from '../../lib/wire/service.js';
import { bodyOf, groupIdOf, tell, vsSetsOf } from '../support/describe-frame.js';

/** One thing that happened in a group. */
export interface Entry {
  /** The id of a view; null for everything else. */
  readonly id: string | null;
  /** What everybody who gets it has to see alike. */
  readonly text: string;
  /** Who joined and who left since the view before; null in a first view. */
  readonly change: string | null;
  /** Members of a view; null where the list is not known. */
  readonly members: readonly string[] | null;
  readonly size: number;
  readonly myIndex: number;
}

/** From a join to a leave, or to now. */
export interface Spell {
  /** Private group of the session. */
  readonly name: string;
  readonly group: string;
  readonly entries: Entry[];
  isOver: boolean;
  /** It ended with a self-leave. */
  hasLeft: boolean;
}

/** What must not be, found while reading. */
export class ViewLog {
  readonly spells: Spell[] = [];
  readonly faults: string[] = [];
  private readonly groups = new Map<string, Follower>();

  constructor(
    readonly name: string,
    private readonly isCompact: boolean,
  ) {}

  /** The bytes are those of the whole frame. */
  take(frame: Delivery, bytes: Buffer): void {
    const { service } = frame;
    if (isReject(service)) return;
    if (service === EXTENSION_MESS) this.extension(bytes);
    else if (isSelfLeave(service)) this.over(frame.name);
    else if (isTransition(service)) this.note(frame.name, tell(frame));
    else if (isRegularMembership(service)) this.whole(frame);
    else this.data(frame);
  }

  /** It is for at least one of the groups that the session is in. */
  private data(frame: Delivery): void {
    const groups = frame.names().filter((group) => this.groups.has(group));
    const text = `data ${frame.body.toString('latin1')}`;
    if (groups.length === 0) this.fault(`${text} outside of ${frame.names().join()}`);
    for (const group of groups) this.note(group, text);
  }

  /** The session has ended. */
  end(): void {
    for (const spell of this.spells) spell.isOver = true;
  }

  fault(text: string): void {
    this.faults.push(`${this.name}: ${text}`);
  }

  private note(group: string, text: string): void {
    const spell = this.groups.get(group)?.spell;
    if (!spell) this.fault(`${text} outside of ${group}`);
    else spell.entries.push({ id: null, text, change: null, members: null, size: 0, myIndex: 0 });
  }

  private over(group: string): void {
    const follower = this.groups.get(group);
    if (!follower) return this.fault(`self-leave of ${group} without a view`);
    follower.spell.isOver = true;
    follower.spell.hasLeft = true;
    this.groups.delete(group);
  }

  private whole(frame: Delivery): void {
    if (this.isCompact) return this.fault('a whole view');
    const members = frame.names();
    const follower = this.follower(frame.name);
    const sets = textOfSets(vsSetsOf(frame), bodyOf(frame).ownSet);
    const cause = tell(frame).slice(0, tell(frame).indexOf(' '));
    follower.show(groupIdOf(frame).join('.'), cause, members, sets, members.indexOf(this.name));
  }

  private follower(group: string): Follower {
    let follower = this.groups.get(group);
    if (!follower) {
      follower = new Follower(this, group);
      this.groups.set(group, follower);
      this.spells.push(follower.spell);
    }
    return follower;
  }

  private extension(bytes: Buffer): void {
    if (!this.isCompact) return this.fault('a frame of the extension');
    const end = bytes.length;
    const kind = frameKind(bytes, 0);
    if (kind === Kind.LIST) {
      const list = readList(bytes, 0, end);
      this.follower(list.group).list(list);
    } else if (kind === Kind.VIEWS) {
      const views = readViews(bytes, 0, end);
      this.known(views.group)?.views(views);
    } else if (kind === Kind.NETWORK) {
      const network = readNetwork(bytes, 0, end);
      this.known(network.group)?.network(network);
    } else this.fault(`a frame of kind ${kind}`);
  }

  /** Everything begins with a list. */
  private known(group: string): Follower | null {
    const follower = this.groups.get(group);
    if (!follower) this.fault(`a view of ${group} before a list`);
    return follower ?? null;
  }
}

const textOfSets = (sets: readonly (readonly string[])[], own: number | null): string =>
  sets.map((set, i) => `${i === own ? '*' : ''}(${set.join(' ')})`).join('');

class Follower {
  readonly spell: Spell;
  private members: string[] | null = null;
  private size = 0;
  private myIndex = -1;
  private id = '';
  private parts: string[] | null = null;
  private reordered: Network | null = null;

  constructor(
    private readonly log: ViewLog,
    group: string,
  ) {
    this.spell = { name: log.name, group, entries: [], isOver: false, hasLeft: false };
  }

  show(id: string, cause: string, members: readonly string[] | null, sets: string, myIndex: number): void {
    const before = this.spell.entries.findLast((entry) => entry.id !== null);
    this.members = members && [...members];
    if (members) this.size = members.length;
    this.id = id;
    let change: string | null = null;
    if (members && before?.members) {
      const [was, is] = [new Set(before.members), new Set(members)];
      const joined = members.filter((name) => !was.has(name));
      const left = before.members.filter((name) => !is.has(name));
      change = `+${joined.toSorted().join()} -${left.toSorted().join()}`;
    }
    const text = `${cause} ${id} ${sets}`;
    this.spell.entries.push({ id, text, change, members: members && [...members], size: this.size, myIndex });
  }

  list(list: List): void {
    if (this.parts === null && !list.first) this.log.fault('the list begins in its middle');
    if (list.first) this.parts = [];
    this.parts?.push(...list.names);
    if (!list.last || !this.parts) return;
    const names = this.parts;
    this.parts = null;
    const id = list.id.join('.');
    const isBare = names.length === 0;
    if (!isBare) this.check(names, list);
    if (list.ownIndex !== null && !isBare && names[list.ownIndex] !== this.log.name)
      this.log.fault(`the list says that ${this.log.name} is ${list.ownIndex} of ${names.join()}`);
    this.size = list.members;
    this.myIndex = list.ownIndex ?? -1;
    if (list.answer) {
      if (id !== this.id) this.log.fault(`the answer is of ${id}, expected ${this.id}`);
      if (this.members && this.members.join() !== names.join())
        this.log.fault(`the answer is ${names.join()}, expected ${this.members.join()}`);
      this.members = names;
    } else if (this.reordered) {
      const { reordered } = this;
      this.reordered = null;
      this.showNetwork(reordered, isBare ? null : names);
    } else {
      this.show(id, list.cause, isBare ? null : names, `*(${this.log.name})`, this.myIndex);
    }
  }

  views(frame: ViewChanges): void {
    let { size } = this;
    const [daemon, time, counter] = frame.id;
    for (const [k, { cause, index, name }] of frame.records.entries()) {
      const isJoin = cause === 'join';
      if (name === this.log.name) this.log.fault(`a record of its own ${cause}`);
      if (this.members) this.change(isJoin, index, name);
      if (isJoin ? index <= this.myIndex : index < this.myIndex) this.myIndex += isJoin ? 1 : -1;
      size += isJoin ? 1 : -1;
      this.size = size;
      const id = [daemon, time, (counter + k) | 0].join('.');
      const before = this.spell.entries.findLast((entry) => entry.id !== null);
      this.show(id, cause, this.members, `*(${name})`, this.myIndex);
      const change = isJoin ? `+${name} -` : `+ -${name}`;
      const shown = this.spell.entries.at(-1);
      if (before && shown?.change && shown.change !== change)
        this.log.fault(`${id} changes ${shown.change}, the record says ${change}`);
    }
    if (size !== frame.members) this.log.fault(`${size} members, the frame says ${frame.members}`);
    if (this.members) this.check(this.members, frame);
  }

  network(frame: Network): void {
    if (frame.reordered) {
      this.reordered = frame;
      return;
    }
    const { members } = this;
    if (!members) return this.log.fault('a NETWORK without a list, of which the own place does not follow');
    for (const name of frame.gone) {
      if (!members.includes(name)) this.log.fault(`${name} is gone and was not there`);
      else members.splice(members.indexOf(name), 1);
    }
    for (const { index, name } of frame.come) members.splice(index, 0, name);
    this.check(members, frame);
    this.myIndex = members.indexOf(this.log.name);
    this.showNetwork(frame, members);
  }

  private showNetwork(frame: Network, members: readonly string[] | null): void {
    this.size = frame.members;
    const sets = frame.sets.map((ranges) =>
      ranges.flatMap(({ first, count }) => members?.slice(first, first + count) ?? []),
    );
    this.show(frame.id.join('.'), 'network', members, textOfSets(sets, frame.ownSet), this.myIndex);
    const shown = this.spell.entries.at(-1);
    const gone = new Set(frame.gone);
    const come = new Set(frame.come.map(({ name }) => name));
    const joined = [...come].filter((name) => !gone.has(name)).toSorted();
    const left = [...gone].filter((name) => !come.has(name)).toSorted();
    const change = `+${joined.join()} -${left.join()}`;
    if (shown?.change && shown.change !== change)
      this.log.fault(`${frame.id.join('.')} changes ${shown.change}, the frame says ${change}`);
  }

  private change(isJoin: boolean, index: number, name: string): void {
    const members = this.members as string[];
    if (isJoin) {
      if (members.includes(name)) this.log.fault(`${name} joins and is there`);
      members.splice(index, 0, name);
    } else if (members[index] === name) members.splice(index, 1);
    else this.log.fault(`${name} leaves place ${index}, where ${members[index] ?? 'nobody'} is`);
  }

  private check(names: readonly string[], said: { readonly members: number; readonly hash: bigint }): void {
    const hash = new ListHash();
    for (const name of names) hash.add(name);
    if (names.length !== said.members) this.log.fault(`${names.length} members, expected ${said.members}`);
    if (hash.value !== said.hash) this.log.fault(`${names.join()} has another hash than the daemon says`);
  }
}

/**
 * Where two sessions of one daemon were in a group at the same time, they saw the same.
 * @returns what is wrong, or null
 */
export function difference(a: Spell, b: Spell): string | null {
  if (a.group !== b.group) return null;
  const ids = new Set(b.entries.flatMap(({ id }) => id ?? []));
  const from = a.entries.findIndex(({ id }) => id !== null && ids.has(id));
  if (from < 0) return null;
  const start = b.entries.findIndex(({ id }) => id === a.entries[from]?.id);
  const viewBefore = (spell: Spell, at: number): boolean =>
    spell.entries.slice(0, at).some(({ id }) => id !== null);
  if (viewBefore(a, from) && viewBefore(b, start))
    return `${a.group}: views before ${a.entries[from]?.id} differ`;
  for (let i = 0; ; i++) {
    const [x, y] = [a.entries[from + i], b.entries[start + i]];
    if (!x || !y) {
      const isMissing = (x && !endsBefore(b, x)) || (y && !endsBefore(a, y));
      return isMissing ? `${a.group}: ${(x ?? y)?.text} came to one of them only` : null;
    }
    const isFirst = from + i === 0 || start + i === 0;
    const isSame = x.members && y.members ? x.text === y.text : x.id === y.id;
    const hasSameMembers = !x.members || !y.members || x.members.join() === y.members.join();
    if (!isSame || x.size !== y.size || !hasSameMembers)
      return `${a.group}: ${describe(x)}, and for the other ${describe(y)}`;
    const indexFault = wrongIndex(x, y, a.name) ?? wrongIndex(y, x, b.name);
    if (indexFault) return `${a.group}: ${indexFault}`;
    if (!isFirst && x.change !== null && y.change !== null && x.change !== y.change)
      return `${a.group}: ${x.text} changes ${x.change} or ${y.change}`;
  }
}

/** Whether the spell can have ended before that: of one who left, with just the view of the leave. */
const endsBefore = ({ name, isOver, hasLeft }: Spell, { text }: Entry): boolean =>
  hasLeft ? text.startsWith('leave ') && text.endsWith(`*(${name})`) : isOver;

/** @param known has the list */
function wrongIndex(entry: Entry, known: Entry, name: string): string | null {
  if (entry.id === null || !known.members) return null;
  const index = known.members.indexOf(name);
  return entry.myIndex === index
    ? null
    : `${name} is ${index} in ${entry.text}, and was told ${entry.myIndex}`;
}

const describe = ({ text, members, size }: Entry): string => `${text} [${members?.join() ?? size}]`;
