/**
 * A group in memory, as a daemon cluster would give it to the cores of recipes: one order in each component, members
 * that lag, partitions and merges with transitional signals, safe messages, crashes. It keeps the promises that
 * [daemon E1 to E12] list and no others: what may be lost or late there is lost or late here.
 */
import type { Buffer } from 'node:buffer';
import type { GroupId } from '../../lib/wire/group-id.js';
import { MembersOnly } from '../../lib/recipes/core/members-only.js';
import type { Sender, RecipeCore, RecipeView } from '../../lib/recipes/core/port.js';
import { inViewOrder } from '../support/group-network/daemon.js';
import type { Random } from '../support/random.js';

type Service = 'agreed' | 'safe';

type Entry =
  | {
      readonly kind: 'data';
      readonly from: Member;
      readonly body: Buffer;
      readonly service: Service;
      readonly to: string | null;
    }
  | { readonly kind: 'join' | 'leave' | 'crash'; readonly from: Member };

export interface Component {
  readonly log: Entry[];
  readonly members: Member[];
  /** Entries that anybody had received when it was cut. */
  known: number;
}

/** One member: a daemon of its own with one client. */
export class Member implements Sender {
  core: MembersOnly | null = null;
  component!: Component;
  /** Entries that the daemon has, and those of them that are delivered. */
  received = 0;
  delivered = 0;
  /** Sent and not ordered yet. */
  readonly outbox: Entry[] = [];
  /** Members of the group as this daemon knows them, in order. */
  group: string[] = [];
  lastView: RecipeView | null = null;
  isUp = true;
  /** Takes nothing, as a stopped process. */
  isFrozen = false;
  readonly inbox: (() => void)[] = [];
  /** How far its clock is ahead. */
  ahead = 0;

  constructor(
    readonly index: number,
    readonly name: string,
    private readonly time: () => number,
  ) {}

  now(): number {
    return this.time() + this.ahead;
  }

  get id(): string {
    return `#${this.name}#d${String(this.index).padStart(2, '0')}`;
  }

  get isMember(): boolean {
    return this.group.includes(this.id);
  }

  send(body: Buffer, service: Service): void {
    this.push({
      kind: 'data',
      from: this,
      body: Uint8Array.prototype.slice.call(body) as Buffer,
      service,
      to: null,
    });
  }

  sendTo(id: string, body: Buffer): void {
    const copy = Uint8Array.prototype.slice.call(body) as Buffer;
    this.push({ kind: 'data', from: this, body: copy, service: 'agreed', to: id });
  }

  push(entry: Entry): void {
    if (this.isUp) this.outbox.push(entry);
  }
}

export class RecipeWorld {
  /** Milliseconds since 1970. */
  now = 1_700_000_000_000;
  readonly members: Member[] = [];
  readonly components: Component[] = [];
  private time = 0;

  constructor(private readonly random: Random) {}

  /** A new process, in a component with `with` or alone. @param ahead milliseconds that its clock is ahead */
  start(
    name: string,
    make: (member: Member) => RecipeCore | null,
    beside?: Member,
    index = this.members.length,
    ahead = 0,
  ): Member {
    const member = new Member(index, name, () => this.now);
    member.ahead = ahead;
    const core = make(member);
    member.core = core && new MembersOnly(core, () => undefined);
    this.members.push(member);
    const component = beside?.component ?? this.components[0] ?? this.newComponent([]);
    component.members.push(member);
    member.component = component;
    member.received = member.delivered = component.log.length;
    const neighbour = component.members.find((each) => each !== member);
    // The daemon's table is what everything so far in the order makes of it.
    if (neighbour) member.group = this.tableAt(neighbour);
    else this.setId(member, [member.index, ++this.time, 1]);
    member.push({ kind: 'join', from: member });
    return member;
  }

  leave(member: Member): void {
    member.push({ kind: 'leave', from: member });
  }

  /** Its daemon lives on and tells the others. */
  crash(member: Member): void {
    if (!member.isUp) return;
    member.push({ kind: 'crash', from: member });
    member.isUp = false;
    member.core = null;
    member.inbox.length = 0;
  }

  /** One that has crashed is nowhere any more, when all know it. @returns whether that is so */
  bury(member: Member): boolean {
    const { component, id } = member;
    const others = component.members.filter((each) => each !== member);
    const isOnItsWay = component.log.some(
      ({ from }, at) => from === member && others.some(({ delivered }) => delivered <= at),
    );
    if (member.outbox.length > 0 || isOnItsWay) return false;
    if (others.some(({ group }) => group.includes(id))) return false;
    component.members.splice(component.members.indexOf(member), 1);
    this.members.splice(this.members.indexOf(member), 1);
    return true;
  }

  /** The components from now on; members that are in none of the sets stay with the first. */
  regroup(sets: readonly (readonly Member[])[]): void {
    const old = [...this.components];
    for (const component of old) component.known = Math.max(0, ...component.members.map((m) => m.received));
    this.components.length = 0;
    const placed = new Set(sets.flat());
    const rest = this.members.filter((member) => !placed.has(member));
    const wanted = sets.map((set, index) => (index === 0 ? [...set, ...rest] : [...set]));
    const cuts = wanted.map((set) =>
      old
        .map((component) => component.members.filter((each) => set.includes(each)))
        .filter((each) => each.length > 0),
    );
    for (const pieces of cuts) this.install(pieces);
  }

  /** One small step of somebody. @returns false when nothing was to be done */
  step(): boolean {
    const acts: (() => void)[] = [];
    for (const member of this.members) {
      const { component, outbox, inbox } = member;
      if (outbox.length > 0) acts.push(() => component.log.push(outbox.shift() as Entry));
      if (member.received < component.log.length) acts.push(() => void member.received++);
      if (this.canDeliver(member)) acts.push(() => this.deliverNext(member));
      if (inbox.length > 0 && !member.isFrozen) acts.push(() => (inbox.shift() as () => void)());
    }
    if (acts.length === 0) return false;
    this.random.pick(acts)();
    return true;
  }

  /** Steps until nothing is to be done and no timer is due within `limit` milliseconds. */
  settle(limit = 30_000): void {
    const end = this.now + limit;
    for (let count = 0; count < 2_000_000; count++) {
      if (this.step()) continue;
      const due = Math.min(
        ...this.members.map(({ isFrozen, core, ahead }) =>
          isFrozen ? Infinity : (core?.dueAt ?? Infinity) - ahead,
        ),
      );
      if (due > end) return;
      this.now = Math.max(this.now, due);
      this.tick();
    }
    throw new Error('the world does not come to rest');
  }

  /** Time passes. */
  pass(milliseconds: number): void {
    this.now += milliseconds;
    this.tick();
  }

  private tick(): void {
    for (const member of this.members) {
      const { core, isFrozen } = member;
      if (core && !isFrozen && core.dueAt <= member.now()) core.tick(member.now());
    }
  }

  private newComponent(members: Member[]): Component {
    const component: Component = { log: [], members, known: 0 };
    this.components.push(component);
    return component;
  }

  private canDeliver(member: Member): boolean {
    const { component, delivered, received } = member;
    if (delivered >= received) return false;
    const entry = component.log[delivered] as Entry;
    const isSafe = entry.kind === 'data' && entry.service === 'safe';
    return !isSafe || component.members.every((each) => each.received > delivered);
  }

  private deliverNext(member: Member): void {
    this.deliver(member, member.component.log[member.delivered++] as Entry);
  }

  private deliver(member: Member, entry: Entry): void {
    if (entry.kind === 'data') {
      const { from, body, to, service } = entry;
      if (to === null ? member.isMember : to === member.id)
        this.give(member, (core) => {
          if (to === null) core.message(from.id, body, member.now(), service);
          else core.direct(from.id, body, member.now());
        });
      return;
    }
    const { id } = entry.from;
    const isJoin = entry.kind === 'join';
    if (isJoin === member.group.includes(id)) return;
    const wasMember = member.isMember;
    member.group = isJoin ? inViewOrder([...member.group, id]) : member.group.filter((name) => name !== id);
    const cause = isJoin ? 'join' : entry.kind === 'crash' ? 'disconnect' : 'leave';
    const [daemon, time, counter] = this.idOf(member) as GroupId;
    this.setId(member, [daemon, time, counter + 1]);
    if (wasMember && !member.isMember) return this.give(member, (core) => core.left(member.now()));
    if (!member.isMember) return;
    const cameWithMe =
      isJoin && entry.from === member ? [id] : member.group.filter((name) => name !== id || !isJoin);
    this.show(member, cause, cameWithMe);
  }

  /** The id of the group as the daemon of this member has it, kept also while it is no member. */
  private readonly ids = new Map<Member, GroupId>();
  private idOf(member: Member): GroupId | undefined {
    return this.ids.get(member);
  }
  private setId(member: Member, id: GroupId): void {
    this.ids.set(member, id);
  }

  private show(member: Member, cause: RecipeView['cause'], cameWithMe: readonly string[]): void {
    const view: RecipeView = {
      id: this.idOf(member) as GroupId,
      members: [...member.group],
      cause,
      cameWithMe,
    };
    member.lastView = view;
    this.give(member, (core) => core.view(view, member.now()));
  }

  private give(member: Member, act: (core: MembersOnly) => void): void {
    if (member.core) member.inbox.push(() => void (member.core && act(member.core)));
  }

  /** The table of a daemon that has delivered all of the log so far. */
  private tableAt(member: Member): string[] {
    while (member.delivered < member.component.log.length) {
      for (const each of member.component.members) each.received = each.component.log.length;
      this.deliverNext(member);
    }
    const newest = this.members[this.members.length - 1] as Member;
    const id = this.idOf(member);
    this.setId(newest, id as GroupId);
    return [...member.group];
  }

  /** A component made of pieces of old ones: each piece ends its old view, then all get the new one. */
  private install(pieces: readonly (readonly Member[])[]): void {
    const members = pieces.flat();
    const component = this.newComponent([...members]);
    for (const piece of pieces) this.endView(piece);
    // All of a piece have delivered the same now.
    const before = new Map(members.map((member) => [member, member.group]));
    const all = members.filter((member) => member.isMember).map(({ id }) => id);
    const table = inViewOrder(all);
    const changed = (member: Member): boolean => String(before.get(member)) !== String(table);
    const isTouched = members.some((member) => member.isMember && changed(member)) || table.length === 0;
    const one = members.find((member) => member.isMember);
    const viewId: GroupId =
      isTouched || !one ? [members[0]?.index ?? 0, ++this.time, 1] : (this.idOf(one) as GroupId);
    for (const piece of pieces) {
      const along = piece.filter((member) => member.isMember).map(({ id }) => id);
      for (const member of piece) {
        member.group = table;
        member.component = component;
        member.received = member.delivered = 0;
        this.setId(member, viewId);
        if (isTouched && member.isMember) this.show(member, 'network', inViewOrder(along));
      }
    }
  }

  /** Everything that the piece has together is delivered; behind the common safe prefix stands the signal. */
  private endView(piece: readonly Member[]): void {
    const [first] = piece;
    if (!first) return;
    const { component } = first;
    const here = new Set(piece.map(({ id }) => id));
    const have = Math.max(...piece.map(({ received }) => received));
    const before = Math.max(...piece.map(({ delivered }) => delivered));
    for (const member of piece) while (member.delivered < before) this.deliverNext(member);
    const isLosing = first.group.some((name) => !here.has(name));
    const retried = new Map<Member, Entry[]>();
    for (const member of piece) {
      if (isLosing && member.isMember) this.give(member, (core) => core.transition(member.now()));
      retried.set(member, []);
    }
    for (let at = before; at < have; at++) {
      const entry = component.log[at] as Entry;
      // Joins and leaves are put off until the new view [daemon 2.7.4].
      if (entry.kind !== 'data') retried.get(entry.from)?.push(entry);
      else for (const member of piece) this.deliver(member, entry);
    }
    for (const [at, entry] of component.log.entries()) {
      if (at < have) continue;
      const own = retried.get(entry.from);
      // Its sender has what anybody has, and delivers it in the view in which others did [daemon E6].
      if (own && at < component.known && entry.kind === 'data')
        for (const member of piece) this.deliver(member, entry);
      else own?.push(entry);
    }
    for (const [member, entries] of retried) member.outbox.unshift(...entries);
  }
}
