/**
 * The registry at one member: a state machine fed with what its group delivers, equal at all members of a view
 * (messip-channels.md 15). No clock, no chance, no input but the order.
 *
 * Every view that brings somebody in begins an exchange of tables. Commands that come before it is complete are dropped
 * by everybody, and sent again by those who asked.
 */
import type { Buffer } from 'node:buffer';
import type { GroupId } from '../../wire/group-id.js';
import { claimId, type ClaimId } from '../claim-id.js';
import { MAX_TABLE_RECEIVERS, TABLE_PIECE } from '../limits.js';
import { apply, depart, type Outcome } from './apply.js';
import { type Command, decodeRegistryMessage, encodeRegistryMessage, type Vote } from './command.js';
import { tellDifference, tellMembers } from './difference.js';
import type { RegistryEvent } from './event.js';
import { Exchange, type Told } from './exchange.js';
import { merge } from './merge.js';
import {
  daemonsOf,
  firstVotes,
  isPrimaryPart,
  mergedVotes,
  nextGeneration,
  type Votes,
  withConfirmed,
  withProposal,
} from './primary.js';
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
  send(to: readonly string[] | null, bytes: Buffer, safe: boolean): void;
  /** A command of this member has its outcome. */
  settled(serial: number, outcome: Outcome): void;
  tell(event: RegistryEvent): void;
  /** An exchange begins in which somebody else speaks for this member. @param place of this member among those */
  waiting(place: number): void;
  /** The table is there and equal to that of all others: after the first exchange, and after every other one. */
  ready(): void;
}

interface Pending {
  readonly command: Command;
  /** It came while it could not be applied. */
  dropped: boolean;
}

export class RegistryMachine {
  table = new Table();
  members: readonly string[] = [];
  viewId: GroupId = [0, 0, 0];
  /** Whether this part of the network may give away names. */
  isPrimary = false;
  votes: Votes;
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
  /** Members that went out of sight and have neither come back nor ended. */
  private readonly unreachable = new Set<string>();
  private exchange: Exchange | null = null;
  private inTransition = false;
  private firstView: GroupId = [0, 0, 0];
  private claims = 0;
  private serials = 0;
  private readonly pending = new Map<number, Pending>();
  /** Claims applied after the transitional signal: whether they hold is known in the next view. */
  private unsure: { serial: number; outcome: Outcome & { ok: true } }[] = [];

  /** @param daemons those that count before there ever was a primary component; none: whoever is there first */
  constructor(
    readonly self: string,
    private readonly sink: RegistrySink,
    daemons: readonly string[] = [],
  ) {
    this.votes = firstVotes(daemons);
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
    this.pending.set(serial, { command, dropped: false });
    this.sendCommand(serial, command);
    return serial;
  }

  /** The exchange takes long: whoever should speak for this member's part may be standing still. */
  nudge(): void {
    if (this.exchange) this.speak(null);
  }

  transition(): void {
    this.inTransition = true;
  }

  view(view: RegistryView): void {
    const { id, cause, members, changed } = view;
    const isFirst = this.members.length === 0;
    if (isFirst) this.firstView = id;
    this.inTransition = false;
    this.viewId = id;
    this.members = members;
    this.present = new Set(members);
    const wasWhole = this.exchange === null && this.has;
    const stayed = cause === 'network' ? new Set(view.cameWithMe) : this.present;
    const staying = (names: Iterable<string>): Set<string> =>
      new Set([...names].filter((name) => stayed.has(name) && this.present.has(name)));
    this.peers = isFirst ? new Set([this.self]) : staying(this.peers);
    this.fresh = staying(
      cause === 'join' && changed !== null && !isFirst ? [...this.fresh, changed] : this.fresh,
    );
    if (changed !== null && cause !== 'join' && cause !== 'network') this.departed(changed, cause);
    if (wasWhole && this.peers.size === members.length) this.shrunk(cause);
    else this.beginExchange(cause === 'network' || this.exchange?.wide === true);
  }

  /** @param toGroup whether it was sent to the group, and so has its place in the order for everybody */
  message(sender: string, bytes: Buffer, toGroup: boolean): void {
    const message = decodeRegistryMessage(bytes);
    if (!message || !this.present.has(sender)) return void this.refused++;
    if ('command' in message) {
      if (toGroup) this.command(sender, message.serial, message.command);
      else this.refused++;
    } else if (message.kind === 'part') {
      this.exchange?.part(sender, message);
    } else if (!toGroup) {
      this.refused++;
    } else if (message.kind === 'state') {
      if (this.exchange && !this.exchange.state(sender, message)) this.refused++;
      if (this.exchange?.isComplete) this.complete(this.exchange);
    } else if (this.isReady) {
      this.vote(sender, message);
    }
  }

  private command(sender: string, serial: number, command: Command): void {
    const own = sender === this.self ? this.pending.get(serial) : undefined;
    if (!this.isReady) {
      if (own) own.dropped = true;
      return;
    }
    const around = { members: this.present, primary: this.isPrimary, tell: this.sink.tell.bind(this.sink) };
    const outcome = apply(this.table, sender, command, around);
    if (!own) return;
    this.pending.delete(serial);
    if (this.inTransition && command.kind === 'claim' && command.strict && outcome.ok) {
      this.unsure.push({ serial, outcome });
    } else {
      this.sink.settled(serial, outcome);
    }
  }

  private departed(member: string, cause: 'leave' | 'disconnect'): void {
    const reason = cause === 'leave' ? 'left' : 'disconnect';
    depart(this.table, member, reason, (event) => this.sink.tell(event));
    this.told = new Set([...this.told].filter((each) => each !== member));
    this.sink.tell({ kind: 'member-gone', member, reason });
  }

  /** Nobody came: everybody has what is needed already. */
  private shrunk(cause: RegistryView['cause']): void {
    if (cause === 'network') {
      const { table, votes, isPrimary } = this;
      this.adopt([{ table, members: this.present, primary: isPrimary, has: true, votes }], true);
    }
    this.settle();
  }

  private beginExchange(wide: boolean): void {
    const { members, peers, self } = this;
    const others = members.filter((member) => !peers.has(member));
    const isWide = wide || others.length > MAX_TABLE_RECEIVERS;
    this.exchange = new Exchange(this.viewId, members, isWide, self, this.table);
    const place = members.filter((member) => peers.has(member)).indexOf(self);
    if (place === 0) this.speak(isWide ? null : others);
    else this.sink.waiting(place);
  }

  /** Says what this member and its peers bring. */
  private speak(tableTo: readonly string[] | null): void {
    const parts = this.has ? this.sendTable(tableTo) : 0;
    const { members, viewId: tag, has, isPrimary: primary, votes } = this;
    const covers = members.map((member) => this.peers.has(member));
    const fresh = members.map((member) => this.fresh.has(member));
    this.send({ kind: 'state', tag, has, primary, votes, parts, covers, fresh });
  }

  private sendTable(to: readonly string[] | null): number {
    const bytes = this.table.encode();
    const count = Math.ceil(bytes.length / TABLE_PIECE);
    // Nobody is missing it.
    if (to?.length === 0) return count;
    for (let index = 0; index < count; index++) {
      const piece = bytes.subarray(index * TABLE_PIECE, (index + 1) * TABLE_PIECE);
      const part = { kind: 'part', tag: this.viewId, index, bytes: piece } as const;
      this.sink.send(to, encodeRegistryMessage(part), false);
    }
    return count;
  }

  private complete(exchange: Exchange): void {
    this.exchange = null;
    if (!this.has) this.told = this.present;
    this.has = true;
    this.peers = this.present;
    this.fresh = new Set();
    this.adopt(exchange.sides(), exchange.wide);
    this.sink.ready();
    for (const [serial, pending] of this.pending) {
      if (!pending.dropped) continue;
      pending.dropped = false;
      this.sendCommand(serial, pending.command);
    }
    this.settle();
  }

  /** Takes over what the parts have told. @param broke whether the network broke, so that the primary is to be found */
  private adopt(sides: readonly Told[], broke: boolean): void {
    const withTable = sides.filter(({ has }) => has);
    this.votes = mergedVotes((withTable.length === 0 ? sides : withTable).map(({ votes }) => votes));
    const wasPrimary = !broke && withTable.some(({ primary }) => primary);
    const remembering = new Set(withTable.flatMap(({ members }) => Array.from(members)));
    const holders = this.members.filter((member) => remembering.has(member));
    this.isPrimary = wasPrimary || isPrimaryPart(this.votes, daemonsOf(holders), daemonsOf(this.members));
    const { table, dropped } = merge(sides, this.present);
    const before = { table: this.table, members: this.told };
    this.table = table;
    const tell = (event: RegistryEvent): void => this.sink.tell(event);
    tellMembers(before.members, this.present, this.unreachable, tell);
    tellDifference(before, { table, members: this.present }, dropped, tell);
  }

  /** All of a view's change is done: what waited for that. */
  private settle(): void {
    this.told = this.present;
    for (const { serial, outcome } of this.unsure.splice(0)) this.decide(serial, outcome);
    this.propose();
  }

  /** A claim that was applied between two views holds if this is the primary component. */
  private decide(serial: number, outcome: Outcome & { ok: true }): void {
    const entry = outcome.entry && this.table.get(outcome.entry.claim);
    if (entry && this.isPrimary) return this.sink.settled(serial, { ok: true, entry });
    if (entry) this.submit({ kind: 'release', claim: entry.claim, force: true });
    this.sink.settled(serial, { ok: false, code: entry ? 'NOT_PRIMARY' : 'EXISTS', count: 0 });
  }

  /** The first member proposes the daemons of the primary component as those that decide next time. */
  private propose(): void {
    if (!this.isPrimary || this.members[0] !== this.self) return;
    const daemons = daemonsOf(this.members);
    const { formed, proposed } = this.votes;
    if (proposed.length === 0 && formed.generation > 0 && formed.daemons.join(' ') === daemons.join(' '))
      return;
    this.send({ kind: 'form', electorate: { generation: nextGeneration(this.votes), daemons } }, true);
  }

  private vote(sender: string, { kind, electorate }: Vote): void {
    const change = kind === 'form' ? withProposal : withConfirmed;
    this.votes = change(this.votes, electorate);
    // Safe, and not behind the transitional signal: every daemon of the view has the proposal.
    if (kind === 'form' && sender === this.self && !this.inTransition)
      this.send({ kind: 'confirm', electorate });
  }

  private sendCommand(serial: number, command: Command): void {
    const bytes = encodeRegistryMessage({ serial, command });
    this.sink.send(null, bytes, command.kind === 'claim' && command.strict);
  }

  private send(message: Parameters<typeof encodeRegistryMessage>[0], safe = false): void {
    this.sink.send(null, encodeRegistryMessage(message), safe);
  }
}
