/**
 * A small world of daemons with one group, as its members see it: one order in each component, views, transitional signals, cuts and merges. Everything happens one step after the other, and all that
 * is left open is decided by the caller.
 *
 * What holds by construction: daemons of a component deliver the same in the same order; a safe message comes before the
 * signal only if all of the component receive it; a sender sees its own messages; no id is used for two views.
 */
import { Buffer } from 'node:buffer';
import {
  type Component,
  Daemon,
  type DaemonClient,
  type DataEntry,
  type EndEntry,
  type Entry,
  type GroupView,
  inViewOrder,
  type JoinEntry,
  type NetworkEntry,
} from './daemon.js';
import { type Choose, chooseFirst, type CutPart, deliveredByAll, planCut } from './daemon-cut.js';

/** Something that must never happen has happened. */
export class Violation extends Error {
  constructor(
    readonly property: string,
    text: string,
  ) {
    super(`${property}: ${text}`);
  }
}

/** Steps after which a world that still moves will never come to rest. */
const MAX_STEPS = 20_000;
/** More entries than are ever under way. */
const ALL = 1000;

const namesOf = (daemons: readonly { readonly name: string }[]): string =>
  `{${daemons.map(({ name }) => name).join(' ')}}`;

export abstract class DaemonWorld<C extends DaemonClient> {
  readonly daemons: readonly Daemon<C>[];
  readonly trace: string[] = [];
  /** The daemon that may order next, as a place in its component. */
  turn = 0;
  private lastTime = 10;
  private lastHistory = 0;

  constructor(
    count: number,
    protected readonly isTraced: boolean,
  ) {
    const daemons: Daemon<C>[] = [];
    const component = { log: [], daemons, history: 0 };
    for (let i = 0; i < count; i++) daemons.push(new Daemon<C>(i, component));
    this.daemons = daemons;
  }

  /** Called whenever nothing is under way anywhere. */
  protected abstract checkAtRest(): void;
  /** A message, for the trace. */
  protected abstract describe(body: Buffer): string;

  get components(): Component<C>[] {
    return [...new Set(this.daemons.map(({ component }) => component))];
  }

  get clients(): C[] {
    return this.daemons.flatMap(({ clients }) => clients);
  }

  log(text: string): void {
    if (this.isTraced) this.trace.push(text);
  }

  fail(property: string, text: string): never {
    throw new Violation(property, text);
  }

  protected sendAs(
    daemon: Daemon<C>,
    sender: string,
    to: readonly string[] | null,
    body: Buffer,
    isSafe: boolean,
  ): void {
    daemon.outbox.push({ kind: 'data', daemon, sender, to, isSafe, body: Buffer.from(body) });
  }

  /** A client connects and asks to join the group. */
  protected connect(daemon: Daemon<C>, client: C): void {
    daemon.clients.push(client);
    daemon.outbox.push({ kind: 'join', daemon, sender: client.id, client });
  }

  /** @param isPowerLoss what the client sent and nobody has ordered is gone too */
  protected disconnect(daemon: Daemon<C>, client: C, kind: EndEntry<C>['kind'], isPowerLoss: boolean): void {
    const { id } = client;
    daemon.clients = daemon.clients.filter((each) => each !== client);
    if (isPowerLoss)
      daemon.outbox = daemon.outbox.filter(
        (entry) => entry.sender !== id || entry.kind === 'leave' || entry.kind === 'disconnect',
      );
    daemon.outbox.push({ kind, daemon, sender: id });
  }

  /** Steps in every component until nothing is under way, or until there were as many as that. */
  run(steps = Infinity): void {
    for (let step = 0; step < steps; step++) {
      let isMoving = false;
      for (const component of this.components) isMoving = this.step(component) || isMoving;
      if (!isMoving) return this.checkAtRest();
      if (step > MAX_STEPS) this.fail('livelock', `the world does not come to rest in ${MAX_STEPS} steps`);
    }
  }

  /** Each daemon of the component delivers the next entry. @returns whether there was one */
  private step(component: Component<C>): boolean {
    const next = deliveredByAll(component);
    if (next === component.log.length && !this.orderNext(component)) return false;
    for (const daemon of component.daemons) if (daemon.delivered === next) this.deliverNext(daemon);
    return true;
  }

  /** What the next daemon in turn has to say gets a place in the order. @returns whether anybody has */
  private orderNext({ daemons, log, history }: Component<C>): boolean {
    for (let i = 0; i < daemons.length; i++) {
      const place = (this.turn + i) % daemons.length;
      const daemon = daemons[place] as Daemon<C>;
      // A daemon speaks in a component once it has delivered its first entry.
      const entry = daemon.history === history ? daemon.outbox.shift() : undefined;
      if (!entry) continue;
      log.push(entry);
      this.turn = (place + 1) % daemons.length;
      return true;
    }
    return false;
  }

  private deliverNext(daemon: Daemon<C>): void {
    this.deliver(daemon, daemon.component.log[daemon.delivered++] as Entry<C>);
  }

  private deliver(daemon: Daemon<C>, entry: Entry<C>): void {
    if (entry.kind === 'data') this.deliverData(daemon, entry);
    else if (entry.kind === 'network') this.deliverNetwork(daemon, entry);
    else this.deliverMembership(daemon, entry);
  }

  private deliverData(daemon: Daemon<C>, { sender, to, body }: DataEntry<C>): void {
    for (const client of daemon.clients) {
      if (!client.isJoined || !(to ?? daemon.members).includes(client.id)) continue;
      if (this.isTraced) this.log(`    ${client.id}: ${this.describe(body)} of ${sender}`);
      client.message(sender, Buffer.from(body), to === null);
    }
  }

  private deliverNetwork(daemon: Daemon<C>, entry: NetworkEntry<C>): void {
    const { id, members, companions, isVisible } = entry;
    const cameWithMe = companions.get(daemon.history) ?? [];
    daemon.members = members;
    daemon.viewId = id;
    daemon.idPrefix = entry.idPrefix;
    daemon.history = entry.component.history;
    daemon.hasSignalled = false;
    if (!isVisible) return;
    for (const client of daemon.clients)
      this.show(daemon, client, { id, members, cause: 'network', changed: null, cameWithMe });
  }

  private deliverMembership(daemon: Daemon<C>, entry: JoinEntry<C> | EndEntry<C>): void {
    const { kind, sender } = entry;
    const isJoin = kind === 'join';
    if (isJoin && daemon.clients.includes(entry.client)) entry.client.isJoined = true;
    if (daemon.members.includes(sender) === isJoin) return;
    const others = daemon.members.filter((member) => member !== sender);
    const members = isJoin ? inViewOrder([...others, sender]) : others;
    const id = [...daemon.idPrefix, daemon.viewId[2] + 1] as const;
    daemon.members = members;
    daemon.viewId = id;
    for (const client of daemon.clients) {
      const cameWithMe = isJoin && client.id === sender ? [sender] : others;
      this.show(daemon, client, { id, members, cause: kind, changed: sender, cameWithMe });
    }
  }

  private show(daemon: Daemon<C>, client: C, view: GroupView): void {
    if (!client.isJoined || !daemon.members.includes(client.id)) return;
    const { cause, id, members, cameWithMe } = view;
    const along = cause === 'network' ? ` with {${cameWithMe.join(' ')}}` : '';
    this.log(`    ${client.id}: view ${id.join('.')} (${cause}) {${members.join(' ')}}${along}`);
    client.view({ ...view, members: [...members], cameWithMe: [...cameWithMe] });
  }

  private signal(daemon: Daemon<C>): void {
    if (daemon.hasSignalled) return;
    daemon.hasSignalled = true;
    for (const client of daemon.clients) {
      if (!client.isJoined || !daemon.members.includes(client.id)) continue;
      this.log(`    ${client.id}: transitional signal`);
      client.transition();
    }
  }

  /** The network is in these components from here on. Components that stay as they are notice nothing. */
  regroup(sets: readonly (readonly Daemon<C>[])[], choose: Choose = chooseFirst): void {
    this.log(`regroup ${sets.map(namesOf).join(' ')}`);
    const wanted = sets.filter(({ length }) => length > 0);
    const isSame = ({ daemons }: Component<C>, set: readonly Daemon<C>[]): boolean =>
      set.length === daemons.length && daemons.every((daemon) => set.includes(daemon));
    const groups: Daemon<C>[][] = [];
    const changed = wanted.filter((set) => !this.components.some((component) => isSame(component, set)));
    for (const component of this.components)
      if (!wanted.some((set) => isSame(component, set)))
        groups.push(...this.breakUp(component, wanted, choose));
    for (const set of changed) this.merge(set, groups);
  }

  /** @returns the daemons that have delivered the same until now and stay together */
  private breakUp(
    component: Component<C>,
    sets: readonly (readonly Daemon<C>[])[],
    choose: Choose,
  ): Daemon<C>[][] {
    const from = deliveredByAll(component);
    const parts = sets
      .map((set) => component.daemons.filter((daemon) => set.includes(daemon)))
      .filter(({ length }) => length > 0);
    for (let more = [0, 1, 2, ALL][choose(4)] as number; more > 0 && this.orderNext(component); more--);
    const plan = planCut(component, parts, choose);
    this.log(
      `  cut of ${namesOf(component.daemons)}: ${plan
        .map(
          ({ daemons, received, signal }) =>
            `${namesOf(daemons)} receives ${received - from} more, ${signal - from} before the signal`,
        )
        .join('; ')}`,
    );
    return plan.flatMap((part) => {
      this.endPart(component, part, plan, from);
      return this.separate(part.daemons);
    });
  }

  /** A part delivers what it has of its component's order. The rest goes back to those who sent it. */
  private endPart(
    { log }: Component<C>,
    { daemons, received, signal }: CutPart<C>,
    plan: readonly CutPart<C>[],
    from: number,
  ): void {
    for (let at = from; at < signal; at++)
      for (const daemon of daemons) if (daemon.delivered === at) this.deliverNext(daemon);
    const here = new Set(daemons.flatMap(({ ownMembers }) => ownMembers));
    for (const daemon of daemons) if (daemon.members.some((member) => !here.has(member))) this.signal(daemon);
    const isReceived = (at: number): boolean => plan.some((part) => part.received > at);
    const unsent = log.slice(signal).flatMap((entry, i) => {
      if (entry.kind === 'network') return [];
      const isOwn = daemons.includes(entry.daemon);
      const place = signal + i;
      const arrives = entry.kind === 'data' && (place < received || (isOwn && isReceived(place)));
      if (arrives) for (const daemon of daemons) this.deliver(daemon, entry);
      return isOwn && !arrives ? [entry] : [];
    });
    for (const daemon of daemons) daemon.outbox.unshift(...unsent.filter((entry) => entry.daemon === daemon));
  }

  /** Daemons that did not deliver the same come along apart from each other. */
  private separate(daemons: readonly Daemon<C>[]): Daemon<C>[][] {
    const before = [...new Set(daemons.map(({ history }) => history))];
    const groups = before.map((past) => daemons.filter(({ history }) => history === past));
    for (const group of groups) {
      const history = ++this.lastHistory;
      for (const daemon of group) daemon.history = history;
    }
    return groups;
  }

  /** A new component. @param groups daemons that come along together, of all components */
  private merge(set: readonly Daemon<C>[], groups: readonly (readonly Daemon<C>[])[]): void {
    const daemons = set.toSorted((a, b) => a.index - b.index);
    const companions = new Map<number, readonly string[]>();
    for (const group of groups) {
      const [first] = group;
      if (first && set.includes(first))
        companions.set(first.history, inViewOrder(group.flatMap(({ ownMembers }) => ownMembers)));
    }
    const members = inViewOrder([...companions.values()].flat());
    const isVisible = set.some(
      ({ members: before, hasSignalled }) => hasSignalled || before.join(' ') !== members.join(' '),
    );
    const [first] = set as [Daemon<C>];
    const idPrefix = [first.index, ++this.lastTime] as const;
    const id = isVisible ? ([...idPrefix, 1] as const) : first.viewId;
    const component: Component<C> = { daemons, log: [], history: ++this.lastHistory };
    component.log.push({ kind: 'network', component, id, idPrefix, members, companions, isVisible });
    for (const daemon of set) {
      daemon.component = component;
      daemon.delivered = 0;
    }
  }
}
