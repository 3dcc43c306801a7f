/** A group by chance as its daemon sees it: what changes, and the list before and after. One member of it never goes by itself. */
import type { GroupId } from '../../../lib/wire/group-id.js';
import type { Random } from '../../support/random.js';

export const OWN = '#me#d1';
const DAEMONS = ['d1', 'd2', 'd3', 'd4'] as const;

export interface OneChange {
  readonly kind: 'one';
  readonly id: GroupId;
  readonly cause: 'join' | 'leave' | 'disconnect';
  readonly name: string;
  /** In the list after a join, in the one before a leave. */
  readonly index: number;
  readonly members: readonly string[];
}

export interface NetworkChange {
  readonly kind: 'network';
  readonly id: GroupId;
  readonly before: readonly string[];
  readonly members: readonly string[];
  readonly sets: readonly (readonly string[])[];
  readonly ownSet: number;
  /** Whether those who stay stand in another order. */
  readonly isReordered: boolean;
}

export type ModelChange = OneChange | NetworkChange;

export class GroupModel {
  members: readonly string[] = [];
  id: GroupId = [-7, 1, 0];
  private order: readonly string[] = DAEMONS;
  private made = 0;

  constructor(private readonly random: Random) {}

  /** Members come, and then this connection. */
  begin(others: number): void {
    this.members = this.sorted([...Array.from({ length: others }, () => this.newName()), OWN]);
    this.nextId();
  }

  /** Somebody comes or goes. */
  change(): OneChange {
    const { random, members } = this;
    const others = members.filter((name) => name !== OWN);
    if (others.length === 0 || random.chance(0.55)) return this.join(this.newName());
    const name = random.pick(others);
    const index = members.indexOf(name);
    this.members = members.filter((each) => each !== name);
    return { kind: 'one', cause: random.pick(['leave', 'disconnect'] as const), name, index, ...this.now() };
  }

  /** Daemons are lost, found, or both; some members may have come along in another set than this one. */
  network(): NetworkChange {
    const { random, members: before } = this;
    const lost = DAEMONS.slice(1).filter(() => random.chance(0.3));
    const apart = DAEMONS.slice(1).filter((daemon) => !lost.includes(daemon) && random.chance(0.2));
    const stay = before.filter((name) => !lost.some((daemon) => isOf(name, daemon)));
    const found = Array.from({ length: random.below(6) }, () => this.newName('d2', 'd3', 'd4'));
    if (random.chance(0.2)) this.order = shuffled(this.order, random);
    this.members = this.sorted([...stay, ...found]);
    const isApart = (name: string): boolean => apart.some((daemon) => isOf(name, daemon));
    const own = this.members.filter((name) => stay.includes(name) && !isApart(name));
    const others = this.members.filter((name) => !own.includes(name));
    const cut = random.below(others.length + 1);
    const sets = [others.slice(0, cut), others.slice(cut)].filter((set) => set.length > 0);
    const ownSet = random.below(sets.length + 1);
    sets.splice(ownSet, 0, own);
    const kept = this.members.filter((name) => stay.includes(name));
    const isReordered = stay.some((name, place) => kept[place] !== name);
    this.id = [this.id[0], this.id[1] + 1, random.below(5)];
    return { kind: 'network', before, sets, ownSet, isReordered, ...this.now(false) };
  }

  /** The daemons stand in another order, and the group gets no view. @returns whether members do */
  reorder(): boolean {
    this.order = shuffled(this.order, this.random);
    const before = this.members;
    this.members = this.sorted(before);
    return this.members.some((name, place) => before[place] !== name);
  }

  /** This connection, which has left, joins again. */
  rejoin(): void {
    this.members = this.sorted([...this.members.filter((name) => name !== OWN), OWN]);
    this.nextId();
  }

  private join(name: string): OneChange {
    this.members = this.sorted([...this.members, name]);
    return { kind: 'one', cause: 'join', name, index: this.members.indexOf(name), ...this.now() };
  }

  private now(isNext = true): { readonly id: GroupId; readonly members: readonly string[] } {
    if (isNext) this.nextId();
    return { id: this.id, members: this.members };
  }

  private nextId(): void {
    const [daemon, time, counter] = this.id;
    this.id = [daemon, time, (counter + 1) | 0];
  }

  private newName(...daemons: readonly string[]): string {
    const { random } = this;
    const name = String.fromCharCode(97 + random.below(26)) + this.made++;
    return `#${name}#${random.pick(daemons.length > 0 ? daemons : DAEMONS)}`;
  }

  /** By the position of the daemon, then by the bytes of the name. */
  private sorted(names: readonly string[]): readonly string[] {
    const key = (name: string): string => `${this.order.indexOf(daemonOf(name))}${name}`;
    return names.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  }
}

export const daemonOf = (name: string): string => name.split('#')[2] ?? '';

const isOf = (name: string, daemon: string): boolean => daemonOf(name) === daemon;

const shuffled = <T>(list: readonly T[], random: Random): T[] =>
  list
    .map((item) => [random.next(), item] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item);
