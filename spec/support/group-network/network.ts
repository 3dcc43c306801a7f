/**
 * The group model: daemons in lock step with one group, as its members see it. In each component there is one order, of
 * which all daemons deliver the same entry at the same time; at a cut some may be ahead. What may differ between two
 * sides of a cut is a choice, within the promises that [daemon E1 to E12] list.
 *
 * What holds by construction: daemons of a component deliver the same in the same order; a safe message comes before the
 * signal only if all of the component receive it; a sender sees its own messages; no id is used for two views.
 */
import type { Buffer } from 'node:buffer';
import { type GroupId, groupIdText } from '../../../lib/wire/group-id.js';
import { type Choices, theFirst } from './choices.js';
import { cut, type CutNetwork, deliveredByAll } from './cut.js';
import {
  type Component,
  Daemon,
  type DataEntry,
  type EndEntry,
  type Entry,
  type GroupClient,
  type GroupView,
  inViewOrder,
  type JoinEntry,
  namesOf,
  type NetworkEntry,
} from './daemon.js';

type Daemons<C extends GroupClient> = readonly Daemon<C>[];

export interface NetworkOptions {
  /** Their names, in the order of the configuration. */
  readonly daemons: readonly string[];
  /** Whether all daemons begin in one component. */
  readonly isTogether: boolean;
  /** A message that is delivered, for the trace. */
  readonly describe: (entry: DataEntry) => string;
  /** Takes the trace. */
  readonly tell?: ((line: string) => void) | undefined;
  /**
   * Whether the ids after a view of the network begin with its two words even where it does not touch the group, as
   * those of daemons do.
   */
  readonly renewsIds?: boolean;
  /** See `CutNetwork`. */
  readonly hasLateSignals?: boolean;
}

export class GroupNetwork<C extends GroupClient> implements CutNetwork<C> {
  readonly daemons: Daemon<C>[] = [];
  readonly tell: ((line: string) => void) | undefined;
  readonly hasLateSignals: boolean;
  hasLeads = false;
  /** The daemon that may order next, as a place in its component. */
  turn = 0;
  /** The components since the last change. */
  private current: readonly Component<C>[] | null = null;
  private histories = 0;
  private times = 0;
  /** Ids of members that have come back under another one: where that is not known, they are gone with the next view. */
  private readonly moved = new Set<string>();

  constructor(private readonly options: NetworkOptions) {
    const { isTogether, hasLateSignals = false, tell } = options;
    this.tell = tell;
    this.hasLateSignals = hasLateSignals;
    for (const name of options.daemons) this.add(name, isTogether ? this.daemons[0] : undefined);
  }

  /** One more daemon: alone, or beside another one, as if it had been there from the beginning. */
  add(name: string, beside?: Daemon<C>): Daemon<C> {
    const index = this.daemons.length;
    const component = beside?.component ?? { log: [], daemons: [], history: ++this.histories };
    const daemon = new Daemon<C>(index, name, component, beside?.viewId ?? [index, ++this.times, 1]);
    if (beside) daemon.follow(beside);
    component.daemons.push(daemon);
    this.daemons.push(daemon);
    this.current = null;
    return daemon;
  }

  get components(): readonly Component<C>[] {
    return (this.current ??= [...new Set(this.daemons.map(({ component }) => component))]);
  }

  get clients(): C[] {
    return this.daemons.flatMap(({ clients }) => clients);
  }

  log(line: string): void {
    this.tell?.(line);
  }

  /** A client connects and asks to join the group. @param from the id under which it was there before */
  connect(daemon: Daemon<C>, client: C, from?: string): void {
    const { id: sender } = client;
    daemon.clients.push(client);
    daemon.outbox.push({
      kind: 'join',
      sender,
      daemon: daemon.index,
      client,
      ...(from !== undefined && { from }),
    });
  }

  disconnect(daemon: Daemon<C>, client: C, kind: EndEntry['kind']): void {
    daemon.clients = daemon.clients.filter((each) => each !== client);
    daemon.outbox.push({ kind, sender: client.id, daemon: daemon.index });
  }

  sendAs(
    daemon: Daemon<C>,
    sender: string,
    to: readonly string[] | null,
    body: Buffer,
    isSafe: boolean,
  ): void {
    daemon.outbox.push({ kind: 'data', sender, daemon: daemon.index, to, isSafe, body });
  }

  /** One entry in each component. @returns false when there is none */
  step(): boolean {
    let isBusy = false;
    for (const component of this.components) isBusy = this.stepIn(component) || isBusy;
    return isBusy;
  }

  /** Each daemon of the component delivers the next entry. @returns false when there is none */
  stepIn(component: Component<C>): boolean {
    const { daemons, log } = component;
    const at = deliveredByAll(component);
    if (at === log.length && !this.order(component)) return false;
    for (const daemon of daemons) {
      if (daemon.delivered !== at) continue;
      daemon.delivered++;
      this.deliver(daemon, log[at] as Entry<C>);
    }
    return true;
  }

  /** What the next daemon in turn has to say gets a place in the order. @returns false when nobody has anything */
  order({ daemons, log, history }: Component<C>): boolean {
    for (let i = 0; i < daemons.length; i++) {
      const at = (this.turn + i) % daemons.length;
      const daemon = daemons[at] as Daemon<C>;
      // A daemon speaks in a component once it has delivered its first entry.
      const entry = daemon.history === history ? daemon.outbox.shift() : undefined;
      if (!entry) continue;
      log.push(entry);
      this.turn = (at + 1) % daemons.length;
      return true;
    }
    return false;
  }

  deliver(daemon: Daemon<C>, entry: Entry<C>): void {
    if (entry.kind === 'data') this.deliverData(daemon, entry);
    else if (entry.kind === 'network') this.deliverNetwork(daemon, entry);
    else this.deliverMembership(daemon, entry);
  }

  private deliverData(daemon: Daemon<C>, entry: DataEntry): void {
    const { sender, to, body, isSafe } = entry;
    if (to === null) daemon.listener?.message(sender, body, true, isSafe);
    else daemon.listener?.direct?.(sender, to, body);
    for (const client of daemon.clients) {
      if (!(to === null ? daemon.isMember(client) : client.isJoined && to.includes(client.id))) continue;
      this.tell?.(`    ${client.id}: ${this.options.describe(entry)}`);
      client.message(sender, body, to === null, isSafe);
    }
  }

  /** A view that the network makes. */
  private deliverNetwork(daemon: Daemon<C>, entry: NetworkEntry<C>): void {
    const { id, idPrefix, members, companions, component, isVisible } = entry;
    const cameWithMe = companions.get(daemon.history) ?? [];
    daemon.members = members;
    daemon.viewId = id;
    daemon.idPrefix = idPrefix;
    daemon.history = component.history;
    daemon.hasSignalled = false;
    const view: GroupView = { id, members, cause: 'network', changed: null, cameWithMe, returned: [] };
    daemon.listener?.view(view);
    if (isVisible) for (const client of daemon.clients) this.show(daemon, client, view);
  }

  /** A view that the order makes. */
  private deliverMembership(daemon: Daemon<C>, entry: JoinEntry | EndEntry): void {
    const { kind, sender } = entry;
    const isJoin = kind === 'join';
    const before = isJoin ? entry.from : undefined;
    if (before !== undefined) {
      if (before !== sender) this.moved.add(before);
      this.deliverMembership(daemon, { kind: 'disconnect', sender: before, daemon: daemon.index });
    }
    if (isJoin) for (const client of daemon.clients) if (client === entry.client) client.isJoined = true;
    if (daemon.members.includes(sender) === isJoin) return;
    const others = daemon.members.filter((member) => member !== sender);
    const members = isJoin ? inViewOrder([...others, sender]) : others;
    const id: GroupId = [...daemon.idPrefix, daemon.viewId[2] + 1];
    daemon.members = members;
    daemon.viewId = id;
    const returned = before === undefined ? [] : [{ from: before, to: sender }];
    const view = { id, members, cause: kind, changed: sender, returned };
    daemon.listener?.view({ ...view, cameWithMe: members });
    for (const client of daemon.clients) {
      const cameWithMe = isJoin && client.id === sender ? [sender] : others;
      this.show(daemon, client, { ...view, cameWithMe });
      if (kind === 'leave' && client.id === sender) client.left?.();
    }
  }

  private show(daemon: Daemon<C>, client: C, view: GroupView): void {
    if (!daemon.isMember(client)) return;
    this.tell?.(`    ${client.id}: ${viewText(view)}`);
    client.view({ ...view, members: [...view.members], cameWithMe: [...view.cameWithMe] });
  }

  /** The transitional signal, where a view loses members. */
  signal(daemon: Daemon<C>, here: Daemons<C>): void {
    const stay = new Set(here.flatMap(({ ownMembers }) => ownMembers));
    if (daemon.hasSignalled || daemon.members.every((member) => stay.has(member))) return;
    daemon.hasSignalled = true;
    daemon.listener?.signal?.();
    for (const client of daemon.clients) {
      if (!daemon.isMember(client)) continue;
      this.tell?.(`    ${client.id}: transitional signal`);
      client.transition();
    }
  }

  /** The components from now on: all daemons are in one of the sets. A component that stays as it is notices nothing. */
  regroup(sets: readonly Daemons<C>[], choices: Choices = theFirst): void {
    this.tell?.(`regroup ${sets.map(namesOf).join(' ')}`);
    const whole = new Set<Component<C>>();
    const groups: Daemons<C>[] = [];
    for (const component of this.components) {
      const { daemons } = component;
      const home = sets.find((set) => daemons.every((daemon) => set.includes(daemon)));
      if (home?.length === daemons.length) {
        whole.add(component);
        continue;
      }
      const parts = sets.map((set) => daemons.filter((daemon) => set.includes(daemon)));
      const present = parts.filter(({ length }) => length > 0);
      for (const group of cut(this, component, present, choices)) {
        const history = ++this.histories;
        for (const daemon of group) daemon.history = history;
        groups.push(group);
      }
    }
    for (const set of sets)
      if (set[0] && !whole.has(set[0].component))
        this.form(
          set,
          groups.filter((group) => group.every((daemon) => set.includes(daemon))),
        );
  }

  /** A daemon that is alone ends and begins again: it knows nothing of the group, and has no clients. */
  restart(daemon: Daemon<C>): void {
    const history = ++this.histories;
    daemon.component = { log: [], daemons: [daemon], history };
    daemon.history = history;
    daemon.delivered = 0;
    daemon.clients = [];
    daemon.outbox = [];
    daemon.members = [];
    daemon.hasSignalled = false;
    this.current = null;
  }

  /** A new component. Its view is the first thing in its order. @param groups daemons that come along together */
  private form(set: Daemons<C>, groups: readonly Daemons<C>[]): void {
    const daemons = set.toSorted((a, b) => a.index - b.index);
    const component: Component<C> = { log: [], daemons, history: ++this.histories };
    const companions = new Map<number, readonly string[]>();
    for (const group of groups)
      companions.set(
        group[0]?.history ?? 0,
        inViewOrder(group.flatMap(({ ownMembers }) => ownMembers)).filter(
          (member) => !this.moved.has(member),
        ),
      );
    const members = inViewOrder([...companions.values()].flat());
    const isVisible = set.some((each) => each.hasSignalled || String(each.members) !== String(members));
    const [first] = set as [Daemon<C>];
    // A group without members forgets its id.
    const isNew = isVisible || members.length === 0;
    const isRenewed = isNew || this.options.renewsIds === true;
    const idPrefix = isRenewed ? ([first.index, ++this.times] as const) : first.idPrefix;
    const id: GroupId = isNew ? [...idPrefix, 1] : first.viewId;
    component.log.push({ kind: 'network', component, id, idPrefix, members, companions, isVisible });
    this.current = null;
    for (const daemon of set) {
      daemon.component = component;
      daemon.delivered = 0;
    }
  }
}

function viewText({ cause, changed, id, members, cameWithMe }: GroupView): string {
  const why = changed === null ? cause : `${cause} ${changed}`;
  const along = cause === 'network' ? ` with {${cameWithMe.join(' ')}}` : '';
  return `view ${groupIdText(id)} (${why}) {${members.join(' ')}}${along}`;
}
