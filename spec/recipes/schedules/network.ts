/**
 * Daemons in lock step: in each component one order, of which all daemons deliver the same entry at the same time. At a
 * cut some may be ahead. What may differ between two sides of a cut is a choice, within the promises that
 * [daemon E1 to E12] list.
 */
import type { Choices } from './choices.js';
import { cut } from './cut.js';
import { type GroupId, groupIdText } from '../../../lib/wire/group-id.js';
import {
  type Component,
  type Daemon,
  type Entry,
  type Installed,
  membersAt,
  ordered,
  setText,
} from './daemon.js';
import { entryText } from './trace.js';

export class Network {
  readonly daemons: Daemon[] = [];
  /** Takes the trace. */
  tell: ((line: string) => void) | undefined;
  /** Whether daemons may be ahead of others at a cut. */
  hasLeads = false;
  /** Whose turn it is to have something ordered. */
  turn = 0;
  private pasts = 0;
  private times = 0;

  /** @param isTogether whether all daemons begin in one component */
  constructor(count: number, isTogether: boolean) {
    for (let index = 0; index < count; index++) {
      const [past, time] = isTogether ? [0, 0] : [++this.pasts, ++this.times];
      this.daemons.push({
        index,
        client: null,
        guest: null,
        outbox: [],
        group: [],
        id: [isTogether ? 0 : index, time, 1],
        component: { log: [], daemons: [], past },
        delivered: 0,
        past,
        isEnding: false,
      });
    }
    const sets = isTogether ? [this.daemons] : this.daemons.map((daemon) => [daemon]);
    for (const daemons of sets) {
      const component = { log: [], daemons: [...daemons], past: daemons[0]?.past ?? 0 };
      for (const daemon of daemons) daemon.component = component;
    }
  }

  get components(): Component[] {
    return [...new Set(this.daemons.map(({ component }) => component))];
  }

  /** One entry in each component. @returns false when there is none */
  step(): boolean {
    let isBusy = false;
    for (const component of this.components) isBusy = this.stepIn(component) || isBusy;
    return isBusy;
  }

  private stepIn(component: Component): boolean {
    const { daemons, log } = component;
    const at = Math.min(...daemons.map(({ delivered }) => delivered));
    if (at === log.length && !this.order(component)) return false;
    for (const daemon of daemons)
      if (daemon.delivered === at) {
        daemon.delivered++;
        this.deliver(daemon, log[at] as Entry | Installed);
      }
    return true;
  }

  /** One more entry. @returns false when nobody has one */
  order({ daemons, log, past }: Component): boolean {
    for (let i = 0; i < daemons.length; i++) {
      const at = (this.turn + i) % daemons.length;
      const daemon = daemons[at] as Daemon;
      // A daemon sends in a component when it has installed it.
      const entry = daemon.past === past ? daemon.outbox.shift() : undefined;
      if (!entry) continue;
      log.push(entry);
      this.turn = (at + 1) % daemons.length;
      return true;
    }
    return false;
  }

  deliver(daemon: Daemon, entry: Entry | Installed): void {
    switch (entry.kind) {
      case 'installed':
        this.install(daemon, entry);
        break;
      case 'data': {
        const { client, guest } = daemon;
        const { to, from, body } = entry;
        if (to === null) guest?.message(from, body, false);
        if (!client?.isMember || !(to === null ? daemon.group.includes(client.name) : to === client.name))
          break;
        this.tell?.(`    d${daemon.index}: ${entryText(entry)}`);
        client.message(from, body, to !== null);
        break;
      }
      default:
        this.change(daemon, entry);
    }
  }

  /** A view that the network makes. */
  private install(daemon: Daemon, { id, members, along, component, isChange }: Installed): void {
    const before = String(daemon.group);
    const cameWithMe = along.get(daemon.past) ?? [];
    daemon.group = [...members];
    daemon.id = id;
    daemon.past = component.past;
    daemon.isEnding = false;
    const { client, guest } = daemon;
    guest?.view({ id, members, cause: 'network', cameWithMe });
    if (!client?.isMember || !members.includes(client.name)) return;
    if (!isChange && before === String(members)) return;
    this.tell?.(
      `    d${daemon.index}: VIEW ${groupIdText(id)} {${members.join(' ')}} with {${cameWithMe.join(' ')}}`,
    );
    client.view({ id, members, cause: 'network', cameWithMe });
  }

  /** A view that the order makes. */
  private change(daemon: Daemon, entry: Entry & { kind: 'join' | 'end' }): void {
    const { client } = daemon;
    const { from } = entry;
    const isJoin = entry.kind === 'join';
    if (isJoin && client && client === entry.client) client.isMember = true;
    if (isJoin === daemon.group.includes(from)) return;
    daemon.group = isJoin ? ordered([...daemon.group, from]) : daemon.group.filter((name) => name !== from);
    const [place, time, count] = daemon.id;
    const id: GroupId = [place, time, count + 1];
    daemon.id = id;
    const members = [...daemon.group];
    daemon.guest?.view({ id, members, cause: 'join', cameWithMe: members });
    if (!client?.isMember || !members.includes(client.name)) return;
    const cameWithMe = isJoin && from === client.name ? [from] : members.filter((name) => name !== from);
    this.tell?.(
      `    d${daemon.index}: VIEW (${entry.kind} ${from}) ${groupIdText(id)} {${members.join(' ')}}`,
    );
    client.view({ id, members, cause: isJoin ? 'join' : 'disconnect', cameWithMe });
  }

  /** The transitional signal, where a view loses members. */
  signal(daemon: Daemon, here: readonly Daemon[]): void {
    const stay = new Set(membersAt(daemon.group, here));
    if (daemon.isEnding || daemon.group.every((name) => stay.has(name))) return;
    daemon.isEnding = true;
    const { client } = daemon;
    if (!client?.isMember || !daemon.group.includes(client.name)) return;
    this.tell?.(`    d${daemon.index}: SIGNAL`);
    client.transition();
  }

  /** The components from now on: all daemons are in one of the sets. */
  regroup(sets: readonly (readonly Daemon[])[], choices: Choices): void {
    this.tell?.(`REGROUP ${sets.map(setText).join(' ')}`);
    const whole = new Set<Component>();
    const pieces: (readonly Daemon[])[] = [];
    for (const component of this.components) {
      const { daemons } = component;
      const home = sets.find((set) => daemons.every((daemon) => set.includes(daemon)));
      if (home?.length === daemons.length) {
        whole.add(component);
        continue;
      }
      const parts = sets.map((set) => daemons.filter((daemon) => set.includes(daemon)));
      for (const piece of cut(
        this,
        component,
        parts.filter(({ length }) => length > 0),
        choices,
      )) {
        const past = ++this.pasts;
        for (const daemon of piece) daemon.past = past;
        pieces.push(piece);
      }
    }
    for (const set of sets)
      if (set[0] && !whole.has(set[0].component))
        this.form(
          set,
          pieces.filter((piece) => piece.every((daemon) => set.includes(daemon))),
        );
  }

  /** A component made of pieces of others. Its view is the first thing in its order. */
  private form(set: readonly Daemon[], pieces: readonly (readonly Daemon[])[]): void {
    const daemons = set.toSorted((a, b) => a.index - b.index);
    const component: Component = { log: [], daemons, past: ++this.pasts };
    const along = new Map<number, readonly string[]>();
    for (const piece of pieces) {
      const names = piece.flatMap((daemon) => membersAt(daemon.group, [daemon]));
      along.set(piece[0]?.past ?? 0, ordered(names));
    }
    const members = ordered([...along.values()].flat());
    const isChange = set.some(({ group, isEnding }) => isEnding || String(group) !== String(members));
    const [first] = set as [Daemon];
    // A group without members forgets its id.
    const isNew = isChange || members.length === 0;
    const id: GroupId = isNew ? [first.index, ++this.times, 1] : first.id;
    component.log.push({ kind: 'installed', id, members, along, component, isChange });
    for (const daemon of set) {
      daemon.component = component;
      daemon.delivered = 0;
    }
  }
}
