/**
 * Connections that share one group in memory, and can be parted and brought together as by the network: what a single
 * daemon cannot show. Events of one moment come without a pause between.
 */
import type { Buffer } from 'node:buffer';
import type { Connection } from '../../../lib/client/connection.js';
import { Emitter } from '../../../lib/client/event-fanout.js';
import type { Service } from '../../../lib/client/send.js';

/** Keeps what comes before anybody listens. */
class MemoryGroup extends Emitter<{ event: [object] }> {
  readonly isMember = true;
  private kept: object[] = [];

  constructor(
    readonly name: string,
    readonly send: (body: Buffer, options: { readonly service: Service }) => Promise<void>,
  ) {
    super();
  }

  give(event: object): void {
    if (this.listenerCount('event') > 0) this.emit('event', event);
    else this.kept.push(event);
  }

  protected override attached(): void {
    for (const event of this.kept.splice(0)) this.emit('event', event);
  }
}

class MemoryConnection extends Emitter<{ message: [object]; close: [Error | undefined] }> {
  group: MemoryGroup | null = null;
  /** Members of its last view. */
  view: readonly MemoryConnection[] = [];

  constructor(
    readonly id: string,
    private readonly parting: Parting,
  ) {
    super();
  }

  async join(name: string): Promise<MemoryGroup> {
    const { parting } = this;
    this.group = new MemoryGroup(name, async (body, { service }) => parting.send(this, body, service));
    parting.joined(this);
    return this.group;
  }

  async sendTo(id: string, body: Buffer): Promise<void> {
    this.parting.sendTo(this, id, body);
  }

  protected override attached(): void {
    // Private messages come to members only, and those listen.
  }
}

export class Parting {
  /** Whether what is on its way at a break comes behind the transitional signal, not before it. */
  isLate = false;
  private readonly all: MemoryConnection[] = [];
  private sides: MemoryConnection[][] = [[]];
  private deliveries: (() => void)[] = [];
  private views = 0;

  /** Stands in the order of the names. */
  connect(name: string): Connection {
    const connection = new MemoryConnection(`#${name}#dmn1`, this);
    this.all.push(connection);
    this.sides[0]?.push(connection);
    return connection as unknown as Connection;
  }

  /** From here on each side has itself only; those of no side are together with the first. */
  split(...sides: readonly (readonly Connection[])[]): void {
    if (!this.isLate) this.deliver();
    const given = sides.map((side) => side.map((each) => each as unknown as MemoryConnection));
    const rest = this.all.filter((each) => !given.some((side) => side.includes(each)));
    given[0]?.push(...rest);
    for (const side of given) {
      const group = membersOf(side);
      for (const member of group) {
        if (member.view.some((each) => !group.includes(each))) member.group?.give({ kind: 'transition' });
      }
    }
    this.deliver();
    this.sides = given;
    for (const side of given) this.newView(membersOf(side), 'network');
  }

  merge(): void {
    this.split(this.all as unknown as Connection[]);
  }

  /** Ends all connections: no timer of a recipe outlives its spec. */
  close(): void {
    for (const connection of this.all) connection.emit('close', undefined);
  }

  /** @internal */
  joined(connection: MemoryConnection): void {
    this.deliver();
    this.newView(membersOf(this.sideOf(connection)), 'join');
  }

  /** @internal */
  send(from: MemoryConnection, body: Buffer, service: Service): void {
    const event = { kind: 'data', sender: from.id, body, service };
    const deliver = (): void => {
      for (const member of membersOf(this.sideOf(from))) member.group?.give(event);
    };
    this.later(deliver);
  }

  /** @internal */
  sendTo(from: MemoryConnection, id: string, body: Buffer): void {
    const event = { kind: 'data', sender: from.id, body };
    this.later(() => {
      this.sideOf(from)
        .find((each) => each.id === id)
        ?.emit('message', event);
    });
  }

  private sideOf(connection: MemoryConnection): MemoryConnection[] {
    return this.sides.find((side) => side.includes(connection)) ?? [];
  }

  private newView(members: readonly MemoryConnection[], cause: 'join' | 'network'): void {
    const viewId = [1, 1, ++this.views];
    const names = members.map(({ id }) => id);
    for (const member of members) {
      const along = members.filter(
        (each) => each === member || (each.view.length > 0 && member.view.includes(each)),
      );
      const cameWithMe = along.map(({ id }) => id);
      const myIndex = names.indexOf(member.id);
      const view = { kind: 'view', id: viewId, members: names, myIndex, cause, cameWithMe, returned: [] };
      member.group?.give(view);
    }
    for (const member of members) member.view = members;
  }

  private later(delivery: () => void): void {
    this.deliveries.push(delivery);
    setImmediate(() => this.deliver());
  }

  /** Everything that is on its way, and what is sent for it. */
  private deliver(): void {
    for (let next = this.deliveries.shift(); next; next = this.deliveries.shift()) next();
  }
}

const membersOf = (side: readonly MemoryConnection[]): MemoryConnection[] =>
  side.filter(({ group }) => group !== null).toSorted((a, b) => (a.id < b.id ? -1 : 1));
