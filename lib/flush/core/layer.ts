/**
 * All groups of one connection: which message belongs to which machine [flush-layer 6.7 to 6.9]. Where a connection
 * has plain groups too, what does not belong here is left to the caller.
 */
import { ILLEGAL_GROUP } from '../../wire/codes.js';
import { type Content, isOrdinary, isSubgroupCast, readContent } from './control.js';
import { GroupMachine } from './machine.js';
import type { DropReason, FlushData, FlushSink, PlainData, PlainView } from './port.js';

export interface FlushLayerOptions {
  /** All groups of the connection are of this layer, and so is private data. Default false. */
  readonly isExclusive?: boolean;
  /** Milliseconds after which a change that is not installed is reported. */
  readonly stalledAfterMs?: number;
}

export class FlushLayer<Sent> {
  /** By name; null: the join was asked for, and no plain view has come. */
  private readonly groups = new Map<string, GroupMachine<Sent> | null>();
  private readonly options: FlushLayerOptions;
  private readonly machineSink: FlushSink<Sent>;
  /** Groups with a change under way. */
  private unsettled = 0;

  constructor(
    readonly self: string,
    private readonly sink: FlushSink<Sent>,
    options: FlushLayerOptions = {},
  ) {
    this.options = options;
    this.machineSink = this.sinkOfMachine();
  }

  /** Whether the group was asked for here, or joined. */
  has(group: string): boolean {
    return this.groups.has(group);
  }

  /** The machine of a group whose first plain view has come. */
  machine(group: string): GroupMachine<Sent> | null {
    return this.groups.get(group) ?? null;
  }

  /** The application joins. @returns ILLEGAL_GROUP when it has done so before and has not left */
  join(group: string): number {
    if (this.groups.has(group)) return ILLEGAL_GROUP;
    this.groups.set(group, null);
    return 0;
  }

  /** The daemon has refused the join, or it could not be sent. */
  abandon(group: string): void {
    if (this.groups.get(group) === null) this.groups.delete(group);
  }

  // What the network says. The answer is false where it does not belong to this layer.

  plainView(view: PlainView): boolean {
    const { group } = view;
    if (!this.groups.has(group)) return this.stray('unknown-group');
    if (!view.members.includes(this.self)) {
      this.sink.drop('malformed');
      return true;
    }
    let machine = this.machine(group);
    if (machine === null) {
      machine = this.newMachine(group, this.machineSink);
      this.groups.set(group, machine);
    }
    machine.plainView(view);
    return true;
  }

  plainTransition(group: string): boolean {
    const machine = this.machine(group);
    if (machine === null) return this.groups.has(group) || this.stray('unknown-group');
    machine.plainTransition();
    return true;
  }

  plainSelfLeave(group: string): boolean {
    const machine = this.machine(group);
    if (machine === null) return this.groups.has(group) || this.stray('unknown-group');
    const wasSettled = machine.isSettled;
    this.groups.delete(group);
    machine.plainSelfLeave();
    if (!wasSettled) this.settle(true);
    return true;
  }

  data(message: PlainData): boolean {
    if (isOrdinary(message)) return this.ordinary(message);
    const content = readContent(message);
    if (content === null) return this.unreadable(message);
    const { group, kind } = content;
    if (kind === 'data' && this.isPrivate(group)) {
      this.sink.deliver(dataEvent(message, content.type, [...message.groups, group], content.body, []));
      return true;
    }
    const machine = this.machine(group);
    if (machine === null) {
      return this.groups.has(group) || this.stray(kind === 'malformed' ? kind : 'unknown-group');
    }
    if (kind === 'data') return this.special(machine, message, content);
    if (kind === 'malformed') return this.dropped(kind);
    const { sender } = message;
    return this.dropped(
      kind === 'flush-ok' ? machine.flushOk(content.id, sender) : machine.flushRecv(content.id, sender),
    );
  }

  /** When `tick` is to be called; Infinity: never, as far as is known now. */
  get dueAt(): number {
    let dueAt = Infinity;
    for (const machine of this.groups.values()) if (machine) dueAt = Math.min(dueAt, machine.dueAt);
    return dueAt;
  }

  tick(now: number): void {
    for (const machine of this.groups.values()) machine?.tick(now);
  }

  /** The machine of a group that is being joined. */
  protected newMachine(group: string, sink: FlushSink<Sent>): GroupMachine<Sent> {
    return new GroupMachine(group, this.self, sink, this.options.stalledAfterMs);
  }

  /** What the machines are given: it counts the groups with a change under way. */
  private sinkOfMachine(): FlushSink<Sent> {
    const { sink } = this;
    return {
      deliver: (event) => sink.deliver(event),
      transmit: (...message) => sink.transmit(...message),
      settled: (isSettled) => this.settle(isSettled),
      drop: (reason) => sink.drop(reason),
    };
  }

  private settle(isSettled: boolean): void {
    const before = this.unsettled;
    this.unsettled += isSettled ? -1 : 1;
    if ((before === 0) !== (this.unsettled === 0)) this.sink.settled(isSettled);
  }

  /** Data with nothing of the layer in it: to a group, to several, or private. */
  private ordinary(message: PlainData): boolean {
    const { sender, groups } = message;
    const only = groups.length === 1 ? this.machine(groups[0] as string) : null;
    if (only?.placement(sender, null) === 'deliver') {
      this.sink.deliver(dataEvent(message, message.type, groups, message.body, only.groups));
      return true;
    }
    const inGroups: string[] = [];
    let isElsewhere = false;
    let reason: DropReason = 'unknown-group';
    for (const group of groups) {
      const placement = this.machine(group)?.placement(sender, null);
      if (!this.groups.has(group)) isElsewhere = true;
      else if (placement !== 'deliver') reason = placement === 'outdated' ? placement : 'stranger';
      else if (!inGroups.includes(group)) inGroups.push(group);
    }
    const isPrivate = this.options.isExclusive === true && groups.includes(this.self);
    if (inGroups.length > 0 || isPrivate) {
      this.sink.deliver(dataEvent(message, message.type, groups, message.body, inGroups));
      return true;
    }
    if (isElsewhere && this.options.isExclusive !== true) return false;
    return this.dropped(reason);
  }

  /** Whether a message to some members of this group is one to this connection alone. */
  private isPrivate(group: string): boolean {
    return this.options.isExclusive === true && group === this.self;
  }

  /** Vulnerable data, and subgroup casts. */
  private special(
    machine: GroupMachine<Sent>,
    message: PlainData,
    { group, type, body, view }: Extract<Content, { kind: 'data' }>,
  ): true {
    const placement = machine.placement(message.sender, view);
    const groups = isSubgroupCast(message.service) ? [...message.groups, group] : message.groups;
    const event = dataEvent(message, type, groups, body, machine.groups);
    if (placement === 'deliver') this.sink.deliver(event);
    else if (placement !== 'postpone') this.sink.drop(placement);
    else if (view !== null) this.dropped(machine.postpone(event, view));
    return true;
  }

  /** What is of no one group; a plain group may have a use for it. */
  private unreadable({ groups }: PlainData): boolean {
    const isElsewhere = groups.length === 0 || groups.some((group) => !this.groups.has(group));
    return isElsewhere ? this.stray('malformed') : this.dropped('malformed');
  }

  /** What belongs to no group of this layer. */
  private stray(reason: DropReason): boolean {
    return this.options.isExclusive === true && this.dropped(reason);
  }

  private dropped(reason: DropReason | null): true {
    if (reason !== null) this.sink.drop(reason);
    return true;
  }
}

const dataEvent = (
  { sender, service, senderLittle }: PlainData,
  type: number,
  groups: readonly string[],
  body: PlainData['body'],
  inGroups: readonly string[],
): FlushData => ({ kind: 'data', sender, service, groups, type, senderLittle, body, inGroups });
