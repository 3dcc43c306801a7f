/**
 * Several daemons' cores over an order that is view-synchronous by its making: one log of payloads for each daemon
 * view, of which each daemon has received a beginning. The spec says who is together, how far each has come, and whose
 * safe messages are not stable yet.
 */
import type { Buffer } from 'node:buffer';
import { Core } from '../../daemon/core/core.js';
import type { Sequencer } from '../../daemon/core/batcher.js';
import type { SessionTraits } from '../../daemon/core/group.js';
import type { Fault } from '../../daemon/core/report.js';
import type { SendOptions } from '../../daemon/engine/port.js';
import type { Delivery } from '../../lib/wire/delivery.js';
import { type GroupId, readGroupId } from '../../lib/wire/group-id.js';
import { bodyOf, groupIdOf } from '../support/describe-frame.js';
import { Client } from './core-world.js';
import { FIXED_KEY } from '../support/fixed-key.js';

interface Outgoing {
  readonly payload: Buffer;
  readonly safe: boolean;
  readonly exchange: boolean;
}

interface Ordered extends Outgoing {
  readonly sender: Node;
}

/** One daemon view with what was sent in it, in order. */
class Period {
  readonly log: Ordered[] = [];
  /** Where the first message stands that its sender took along to send it again: nobody gets that one here. */
  end = Infinity;

  constructor(
    readonly tag: bigint,
    readonly members: readonly Node[],
  ) {}

  /** As long as everybody is there; then the order stands still until there is a new view. */
  get isWhole(): boolean {
    return this.members.every(({ period, isUp }) => isUp && period === this);
  }
}

/** One daemon. */
export class Node implements Sequencer {
  readonly core: Core;
  readonly clients: Client[] = [];
  isUp = true;
  period: Period | null = null;
  /** Payloads of the log that are here, and how many of them went to the core. */
  received = 0;
  released = 0;
  /** Safe messages are not known to be stable here. */
  holdsSafe = false;
  /** Nobody can read what it sends in exchanges. */
  isDamaging = false;
  /** Seconds since 1970. */
  clock = 1000;
  /** Whom the core wants to leave out, and why. */
  readonly excluded: string[] = [];
  private queue: Outgoing[] = [];
  private mayProceed = false;

  constructor(
    readonly name: string,
    id: number,
  ) {
    this.core = new Core({ name, id, hashKey: FIXED_KEY }, this);
  }

  send(payload: Buffer, { safe = false, exchange = false }: SendOptions): boolean {
    const isDamaged = exchange && this.isDamaging;
    this.queue.push({ payload: isDamaged ? payload.subarray(0, -1) : payload, safe, exchange });
    return true;
  }

  exchangeDone(): void {
    this.mayProceed = true;
  }

  exclude(faults: readonly Fault[]): void {
    this.excluded.push(...faults.map(({ daemon, text }) => `${daemon}: ${text}`));
  }

  /** What may go into the log now. */
  takeOutgoing(): Outgoing[] {
    this.core.flush();
    const { queue } = this;
    this.queue = this.mayProceed ? [] : queue.filter(({ exchange }) => !exchange);
    return this.mayProceed ? queue : queue.filter(({ exchange }) => exchange);
  }

  /** What it has queued is ordered, and reaches nobody else: its machine is about to die. */
  orderAlone(): void {
    if (!this.period?.isWhole || this.received < this.period.log.length) return;
    for (const outgoing of this.takeOutgoing()) this.period.log.push({ ...outgoing, sender: this });
    this.receive(Infinity);
  }

  /** Receives the log up to that place. */
  receive(upTo: number): void {
    const { log, end } = this.period ?? { log: [], end: 0 };
    this.received = Math.max(this.received, Math.min(upTo, log.length, end));
    this.release(this.holdsSafe);
  }

  /** Where this daemon stands: daemons that agree in this have the same behind them. */
  get place(): string {
    return `${this.period?.tag ?? this.name}/${this.received}/${this.released}`;
  }

  /** The old view is over, and the new one begins. */
  enter(next: Period, staying: readonly Node[]): void {
    const set = staying.map(({ name }) => name);
    if (this.period) {
      this.core.transitional(set);
      this.release(false);
      this.queue = [...this.takeBack(this.period), ...this.queue].filter(({ exchange }) => !exchange);
    }
    this.period = next;
    this.received = 0;
    this.released = 0;
    this.mayProceed = false;
    const daemons = next.members.map(({ name }) => name);
    this.core.install({ tag: next.tag, daemons, set, time: this.clock });
  }

  /** Own messages that did not come back. */
  private takeBack(period: Period): Outgoing[] {
    const isLost = ({ sender }: Ordered, i: number): boolean => sender === this && i >= this.received;
    const first = period.log.findIndex(isLost);
    if (first >= 0) period.end = Math.min(period.end, first);
    return period.log.filter(isLost);
  }

  private release(holdsSafe: boolean): void {
    for (const log = this.period?.log ?? []; this.released < this.received;) {
      const next = log[this.released] as Ordered;
      if (holdsSafe && next.safe) return;
      this.released++;
      if (next.exchange) this.core.exchange(next.payload, next.sender.name);
      else this.core.deliver(next.payload, this.released, next.sender.name);
    }
  }
}

export class Daemons {
  /** Those that run, in the order of the configuration. */
  readonly nodes = new Map<string, Node>();
  private tags = 0n;

  /** Each alone without a view. The identities count from 1 in this order. */
  constructor(private readonly names: readonly string[]) {
    for (const name of names) this.start(name);
  }

  /** In one daemon view, with nothing under way. */
  static together(...names: string[]): Daemons {
    const daemons = new Daemons(names);
    daemons.change(names);
    daemons.run();
    return daemons;
  }

  node(name: string): Node {
    const node = this.nodes.get(name);
    if (!node) throw new Error(`${name} does not run`);
    return node;
  }

  start(name: string): Node {
    const node = new Node(name, 1 + this.names.indexOf(name));
    this.nodes.set(name, node);
    return node;
  }

  crash(name: string): void {
    this.node(name).isUp = false;
    this.nodes.delete(name);
  }

  /** A session `name` of a daemon: `#name#daemon`. */
  open(name: string, daemon: string, membership = true, traits: SessionTraits = {}): Client {
    const { core, clients } = this.node(daemon);
    const client = new Client({ core }, name, membership, null, '', traits);
    clients.push(client);
    return client;
  }

  /** Opens a session for each `name@daemon` and lets it join; what it is told of that is forgotten. */
  members(group: string, ...who: readonly string[]): Client[] {
    const clients = who.map((each) => this.open(...(each.split('@') as [string, string])).join(group));
    this.run();
    forget(...clients);
    return clients;
  }

  /** Puts what waits into the logs, where nobody has received it yet. Returns whether there was anything. */
  order(): boolean {
    let any = false;
    for (const node of this.nodes.values()) {
      const { period } = node;
      if (!period?.isWhole) continue;
      const sent = node.takeOutgoing();
      any ||= sent.length > 0;
      for (const outgoing of sent) period.log.push({ ...outgoing, sender: node });
    }
    return any;
  }

  /** These daemons receive all that is in the log, or so many payloads more. */
  reach(names: readonly string[], count = Infinity): void {
    for (const node of names.map((name) => this.node(name))) node.receive(node.received + count);
  }

  /** Says at each daemon, or at these, what all members of its view have. */
  tellStable(names: readonly string[] = [...this.nodes.keys()]): void {
    for (const { period, core } of names.map((name) => this.node(name))) {
      const members = period?.members ?? [];
      const everywhere = Math.min(...members.map((each) => (each.period === period ? each.received : 0)));
      if (period !== null) core.stable(everywhere);
    }
  }

  /** Orders and delivers until nothing is under way; who waits for a new view has to wait. */
  run(): void {
    do {
      this.reach([...this.nodes.keys()]);
      for (const { core } of this.nodes.values()) core.endTurn();
    } while (this.order());
    this.tellStable();
    for (const { core } of this.nodes.values()) quietTurns(core);
  }

  /**
   * New daemon views: each list of names is one. Who is in no list knows nothing of it and stands still, as one that is
   * frozen does.
   */
  change(...views: readonly (readonly string[])[]): void {
    for (const node of this.nodes.values()) if (node.period) returnToSenders(node.period);
    for (const names of views) {
      const members = this.names.filter((name) => names.includes(name)).map((name) => this.node(name));
      for (const node of members) node.receive(node.received);
      const places = members.map(({ place }) => place);
      const next = new Period(++this.tags, members);
      for (const [i, node] of members.entries()) {
        node.enter(
          next,
          members.filter((_, other) => places[other] === places[i]),
        );
      }
    }
  }
}

/** Turns in which nothing comes, until nobody waits to hear what is stable. */
export function quietTurns(core: Core): void {
  while (core.resumption.acknowledgements.isDue) core.endTurn();
}

/** A payload that anybody has came back to its sender too, with all that stands before it. */
function returnToSenders(period: Period): void {
  const members = period.members.filter((node) => node.period === period);
  const reached = Math.max(...members.map(({ received }) => received));
  for (const [i, { sender }] of period.log.slice(0, reached).entries()) {
    if (sender.period === period) sender.received = Math.max(sender.received, i + 1);
  }
}

export function forget(...clients: readonly Client[]): void {
  for (const { inbox } of clients) {
    inbox.frames.length = 0;
    inbox.calls.length = 0;
  }
}

/** Which of the vs sets is said to be the receiver's. */
export const ownSetOf = (frame: Delivery): number => bodyOf(frame).ownSet;

/** The group id of a transitional signal. */
export const closedIdOf = (frame: Delivery): GroupId => readGroupId(frame.body, 0, true);

/** The id of the last regular view. */
export const lastIdOf = (client: Client): GroupId => groupIdOf(client.inbox.frames.at(-1) as Delivery);

/** Id and members of each group as a core has them. */
export const tableOf = (core: Core): Readonly<Record<string, { id: string; members: string[] }>> =>
  Object.fromEntries(
    [...core.groups.values()]
      .toSorted((a, b) => a.field.compare(b.field))
      .map(({ name, id, members }) => [
        name,
        { id: id.join('.'), members: members.toArray().map((m) => m.privateGroup) },
      ]),
  );
