/**
 * The registry at one member: a state machine fed with what its group delivers, and with nothing else [channels 15].
 *
 * Every view that brings somebody in begins an exchange of tables. A command is sent when it is complete, and counts in the
 * view in which it was sent: what comes in another one is dropped by everybody, and sent again by those who asked.
 */
import type { Buffer } from 'node:buffer';
import { Ballot, NEWCOMER } from '../../primary/ballot.js';
import type { Service } from '../../client/send.js';
import type { Delivery } from '../../primary/delivery.js';
import { type GroupId, equalGroupIds } from '../../wire/group-id.js';
import { MAX_TABLE_RECEIVERS, TABLE_PIECE } from '../limits.js';
import { type ApplyResult, apply, depart } from './apply.js';
import {
  type Command,
  type Numbered,
  type Vote,
  decodeRegistryMessage,
  encodeRegistryMessage,
  isSureEnough,
  neededFor,
  type RegistryMessage,
} from './command.js';
import { type RegistryEvent, tellDifference, tellMembers } from './difference.js';
import { type ClaimId, type Entry, claimId } from './entry.js';
import { TableExchange, type Told, electoratesOf, testimoniesOf } from './exchange.js';
import { merge } from './merge.js';
import { type PartTestimony, daemonOf, daemonsOf } from './primary.js';
import { Table } from './table.js';

/** A view of the registry's group. */
export interface RegistryView {
  readonly id: GroupId;
  readonly cause: 'join' | 'leave' | 'disconnect' | 'network';
  readonly members: readonly string[];
  /** Who joined, left or was disconnected. */
  readonly changed: string | null;
  /** Who came from the last view together with this member, itself included. */
  readonly cameWithMe: readonly string[];
}

export interface RegistrySink {
  /** To the registry's group, or to these members alone. */
  send(to: readonly string[] | null, bytes: Buffer, service: Delivery): void;
  /** A command of this member has its outcome. */
  settled(serial: number, outcome: ApplyResult): void;
  tell(event: RegistryEvent): void;
  /** Somebody else speaks, or votes, for this member. @param place of this member among those who can */
  waiting(place: number): void;
  /** The table is there and equal to that of all others: after the first exchange, and after every other one. */
  ready(): void;
}

type Claim = Extract<Command, { kind: 'claim' }>;

interface Pending {
  command: Command;
  /** It is not under way: it would not count now. */
  waits: boolean;
}

export class RegistryMachine {
  table = new Table();
  members: readonly string[] = [];
  viewId: GroupId = [0, 0, 0];
  /** Whether this part of the network may give away names. */
  isPrimary = false;
  /** Messages that made no sense, or came from somebody who is no member. */
  refused = 0;

  private present: ReadonlySet<string> = new Set();
  /** Members whose table equals this one's; empty before the first view. */
  private peers: ReadonlySet<string> = new Set();
  /** Members that were seen to join, and have no table yet. */
  private fresh: ReadonlySet<string> = new Set();
  /** Whether the table is one: false until the first exchange is complete. */
  private has = false;
  /** Who was there by what was last told: the members before the exchange that is under way. */
  private told: ReadonlySet<string> = new Set();
  /** Members that came into sight since then. */
  private readonly glimpsed = new Set<string>();
  /** Members that went out of sight and have neither come back nor ended. */
  private readonly unreachable = new Set<string>();
  private exchange: TableExchange | null = null;
  /** The vote on giving away names in this view; null: none, or it has passed. */
  private ballot: Ballot | null = null;
  /** What this member and its peers bring into a vote. */
  private testimony: PartTestimony = NEWCOMER;
  /** Whether it knows what anybody knew who was here before it. */
  private isInformed = false;
  /** Members of the view that were part of a primary component. */
  private tookPart: ReadonlySet<string> = new Set();
  /** Lists of daemons of which each has to agree on who may go on: as told, or those of the last primary component. */
  private electorates: readonly (readonly string[])[];
  private inTransition = false;
  private firstView: GroupId = [0, 0, 0];
  private claims = 0;
  private serials = 0;
  private readonly pending = new Map<number, Pending>();
  /** Claims applied after the transitional signal: whether they hold the next primary component knows. */
  private unsure: { readonly serial: number; readonly command: Claim }[] = [];

  /**
   * @param listed the daemons of which more than half have to be together to give away names; none: more than half of those
   * that were together last
   */
  constructor(
    readonly self: string,
    private readonly sink: RegistrySink,
    private readonly listed: readonly string[] = [],
  ) {
    // In one order everywhere, since the first one breaks ties.
    this.electorates = listed.length > 0 ? [[...new Set(listed)].toSorted()] : [];
  }

  /** Whether this member can tell what the last primary component knew. */
  get remembers(): boolean {
    return this.tookPart.has(this.self);
  }

  /** Whether commands are applied now. */
  get isReady(): boolean {
    return this.has && this.exchange === null;
  }

  /** A claim id that nobody has had. To be asked after the first view. */
  newClaim(): ClaimId {
    return claimId(this.firstView, ++this.claims);
  }

  isMember(name: string): boolean {
    return this.present.has(name);
  }

  /** Sends a command. @returns the number that its outcome will have */
  submit(command: Command): number {
    const serial = ++this.serials;
    const pending = { command, waits: true };
    this.pending.set(serial, pending);
    this.forgetReturned();
    this.offer(serial, pending);
    return serial;
  }

  /** It takes long: whoever should speak or vote for this member may be frozen. */
  nudge(): void {
    if (this.exchange) this.speak(null);
    else if (this.ballot?.wants(this.self) === true) this.sendVote(this.ballot);
  }

  transition(): void {
    this.inTransition = true;
  }

  view(view: RegistryView): void {
    const { id, cause, members, changed } = view;
    const isFirst = this.members.length === 0;
    if (isFirst) {
      this.firstView = id;
      this.isInformed = members.length === 1;
    }
    this.inTransition = false;
    this.viewId = id;
    this.members = members;
    this.present = new Set(members);
    const wasWhole = this.exchange === null && this.has;
    this.ballot = null;
    this.forgetReturned();
    for (const member of members) if (!this.told.has(member)) this.glimpsed.add(member);
    const stayed = cause === 'network' ? new Set(view.cameWithMe) : this.present;
    const staying = (names: Iterable<string>): Set<string> =>
      new Set([...names].filter((name) => stayed.has(name) && this.present.has(name)));
    this.peers = isFirst ? new Set([this.self]) : staying(this.peers);
    this.tookPart = staying(this.tookPart);
    this.fresh = staying(
      cause === 'join' && changed !== null && !isFirst ? [...this.fresh, changed] : this.fresh,
    );
    if (changed !== null && cause !== 'join' && cause !== 'network') this.departed(changed, cause);
    if (wasWhole && this.peers.size === members.length) this.shrunk(cause);
    else this.beginExchange(cause === 'network' || this.exchange?.wide === true);
  }

  /** @param service with which it was sent to the group; null: to this member, so that it has no place in the order */
  message(sender: string, bytes: Buffer, service: Service | null): void {
    const message = decodeRegistryMessage(bytes);
    const toGroup = service !== null;
    if (!message || !this.present.has(sender) || !isSureEnough(message, service)) return void this.refused++;
    if ('command' in message) {
      if (toGroup) this.command(sender, message);
      else this.refused++;
    } else if (message.kind === 'part') {
      this.exchange?.part(sender, message);
    } else if (!toGroup) {
      this.refused++;
    } else if (message.kind === 'state') {
      if (this.exchange && !this.exchange.state(sender, message)) this.refused++;
      if (this.exchange?.isComplete) this.complete(this.exchange);
    } else this.vote(sender, message);
  }

  private command(sender: string, { serial, view, command }: Numbered): void {
    const own = sender === this.self ? this.pending.get(serial) : undefined;
    if (!this.counts(command, view)) {
      if (own) this.repeat(serial, own.command);
      return;
    }
    const epoch = this.isPrimary ? (this.testimony.epoch ?? 0) : 0;
    const { inTransition, present: members } = this;
    const around = { members, epoch, inTransition, tell: this.sink.tell.bind(this.sink) };
    const outcome = apply(this.table, sender, command, around);
    if (!own) return;
    this.pending.delete(serial);
    if (command.kind === 'claim' && outcome.ok && outcome.entry?.unsure === true) {
      this.unsure.push({ serial, command });
    } else {
      this.sink.settled(serial, outcome);
    }
  }

  /**
   * Whether a command that was sent in that view is applied, here and now. It is for everybody of the view or for nobody: the
   * sender asks the same before it sends, and whoever receives the command has received all that the sender had by then.
   * While it is voted nobody knows whether names may be given away.
   */
  private counts(command: Command, view: GroupId): boolean {
    if (!this.isReady || !equalGroupIds(view, this.viewId)) return false;
    return command.kind !== 'claim' || !command.strict || this.ballot === null;
  }

  /** Makes a command again that did not count, or did not hold: a claim under another id, since a part may have that one. */
  private repeat(serial: number, command: Command): void {
    const again = command.kind === 'claim' ? { ...command, claim: this.newClaim() } : command;
    const pending = { command: again, waits: true };
    this.pending.set(serial, pending);
    this.offer(serial, pending);
  }

  /** Sends a command of this member if it would count now. */
  private offer(serial: number, pending: Pending): void {
    const { command } = pending;
    pending.waits = !this.counts(command, this.viewId);
    if (pending.waits) return;
    this.send({ serial, view: this.viewId, command });
  }

  /** An owner that is back has to be out of sight for as long again before its name may be taken. */
  private forgetReturned(): void {
    for (const pending of this.pending.values()) {
      const { command } = pending;
      if (command.kind !== 'claim' || command.from === null) continue;
      const owner = this.table.get(command.from)?.owner;
      if (owner !== undefined && (this.present.has(owner) || this.glimpsed.has(owner)))
        pending.command = { ...command, from: null };
    }
  }

  private departed(member: string, cause: 'leave' | 'disconnect'): void {
    const reason = cause === 'leave' ? 'left' : 'disconnect';
    depart(this.table, member, reason, this.told, (event) => this.sink.tell(event));
    this.told = new Set([...this.told].filter((each) => each !== member));
    this.sink.tell({ kind: 'member-gone', member, reason });
  }

  /** Nobody came: everybody has what is needed already. */
  private shrunk(cause: RegistryView['cause']): void {
    const { electorates, isInformed: informed, present: members, table, testimony, tookPart } = this;
    const epoch = testimony.epoch ?? 0;
    const side: Told = { table, members, epoch, has: true, informed, testimony, tookPart, electorates };
    if (cause === 'network') this.adoptTables([side]);
    this.tellNothing();
    this.beginVote([side]);
    this.sendWaiting();
  }

  private beginExchange(wide: boolean): void {
    const { members, peers, self } = this;
    const others = members.filter((member) => !peers.has(member));
    const isWide = wide || others.length > MAX_TABLE_RECEIVERS;
    this.exchange = new TableExchange(this.viewId, members, isWide, self, this.table);
    const place = members.filter((member) => peers.has(member)).indexOf(self);
    if (place === 0) this.speak(isWide ? null : others);
    else this.sink.waiting(place);
  }

  /** Says what this member and its peers bring. */
  private speak(tableTo: readonly string[] | null): void {
    const parts = this.has ? this.sendTable(tableTo) : 0;
    const { electorates, has, isInformed: informed, members, testimony, viewId: tag } = this;
    const tookPart = members.map((member) => this.tookPart.has(member));
    const covers = members.map((member) => this.peers.has(member));
    const fresh = members.map((member) => this.fresh.has(member));
    this.send({ kind: 'state', tag, has, informed, testimony, electorates, parts, covers, fresh, tookPart });
  }

  private sendTable(to: readonly string[] | null): number {
    const bytes = this.table.encode();
    const count = Math.ceil(bytes.length / TABLE_PIECE);
    // Nobody is missing it.
    if (to?.length === 0) return count;
    for (let index = 0; index < count; index++) {
      const piece = bytes.subarray(index * TABLE_PIECE, (index + 1) * TABLE_PIECE);
      const part = { kind: 'part', tag: this.viewId, index, bytes: piece } as const;
      this.sink.send(to, encodeRegistryMessage(part), 'agreed');
    }
    return count;
  }

  private complete(exchange: TableExchange): void {
    this.exchange = null;
    if (!this.has) this.told = this.present;
    this.has = true;
    this.peers = this.present;
    this.fresh = new Set();
    if (exchange.doubtful !== null) this.refused++;
    const sides = exchange.sides();
    this.adoptTables(sides);
    this.tellNothing();
    this.sink.ready();
    this.beginVote(sides);
    this.sendWaiting();
  }

  /** Reports what changed with this view. */
  private tellNothing(): void {
    this.told = this.present;
    this.glimpsed.clear();
  }

  private sendWaiting(): void {
    for (const [serial, pending] of this.pending) if (pending.waits) this.offer(serial, pending);
  }

  /** Takes over what the parts have told. */
  private adoptTables(sides: readonly Told[]): void {
    const { table, dropped } = merge(sides, this.present);
    const before = { table: this.table, members: this.told, glimpsed: this.glimpsed };
    this.table = table;
    const tell = (event: RegistryEvent): void => this.sink.tell(event);
    tellMembers(before.members, this.present, this.unreachable, tell);
    tellDifference(before, { table, members: this.present }, dropped, tell);
  }

  // The vote on giving away names

  private beginVote(sides: readonly Told[]): void {
    const { members, self } = this;
    const epoch = Math.max(0, ...sides.map((side) => side.epoch));
    this.isPrimary = false;
    this.electorates = electoratesOf(sides, epoch);
    const voters = this.electorates.length > 0 ? this.electorates : [daemonsOf(members)];
    const ballot = new Ballot(voters, testimoniesOf(members, sides), daemonOf);
    this.isInformed ||= sides.some(({ informed }) => informed);
    this.tookPart = new Set(sides.flatMap(({ tookPart }) => [...tookPart]));
    // What one part did not know it knows now.
    const promised = Math.max(0, ...sides.map(({ testimony }) => testimony.promised));
    this.testimony = { epoch, promised: ballot.canPass ? ballot.next : promised };
    if (!ballot.canPass) return;
    this.ballot = ballot;
    const place = members.filter((member) => daemonOf(member) === daemonOf(self)).indexOf(self);
    if (place === 0) this.sendVote(ballot);
    else this.sink.waiting(place);
  }

  private sendVote({ next }: Ballot): void {
    this.send({ kind: 'vote', tag: this.viewId, epoch: next });
  }

  private vote(sender: string, { tag, epoch }: Vote): void {
    if (!equalGroupIds(tag, this.viewId) || this.ballot?.vote(sender, epoch) !== true) return;
    this.ballot = null;
    this.isPrimary = true;
    this.testimony = { epoch, promised: epoch };
    this.tookPart = this.present;
    this.isInformed = true;
    // What came after the signal may have come to nobody else: then the earlier lists decide, too.
    if (this.listed.length === 0)
      this.electorates = [...(this.inTransition ? this.electorates : []), daemonsOf(this.members)];
    for (const entry of this.table.entries()) if (entry.unsure) this.ensure(entry);
    for (const { serial, command } of this.unsure.splice(0)) this.decide(serial, command);
    this.sendWaiting();
  }

  /** The primary component has it. */
  private ensure(unsure: Entry): void {
    const entry = { ...unsure, unsure: false };
    this.table.put(entry);
    if (this.present.has(entry.owner)) this.sink.tell({ kind: 'opened', entry });
  }

  /** A claim that was applied between two views holds if the primary component has it. Else the name is claimed again. */
  private decide(serial: number, command: Claim): void {
    const entry = this.table.get(command.claim);
    if (entry) this.sink.settled(serial, { ok: true, entry });
    else this.repeat(serial, command);
  }

  private send(message: RegistryMessage): void {
    this.sink.send(null, encodeRegistryMessage(message), neededFor(message));
  }
}
