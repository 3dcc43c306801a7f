/**
 * The registry at one member: a state machine fed with what its group delivers, and with nothing else [channels 15].
 *
 * Every view that brings somebody in begins an exchange of tables. A command is sent when it is complete, and counts in the
 * view in which it was sent: what comes in another one is dropped by everybody, and sent again by those who asked.
 *
 * Members of a part of which nobody speaks are left out: they are what members out of sight are. When they speak after all, it is
 * as if they came into sight: their state begins another exchange in the view, the next round.
 */
import type { Buffer } from 'node:buffer';
import { type Ballot, NEWCOMER } from '../../primary/ballot.js';
import type { Service } from '../../client/send.js';
import type { GroupId } from '../../wire/group-id.js';
import { apply, depart } from './apply.js';
import {
  type Command,
  type Numbered,
  type RoundTag,
  type Settle,
  type State,
  type Vote,
  decodeRegistryMessage,
  encodeRegistryMessage,
  equalTags,
  isOfOtherVersion,
  isSureEnough,
  neededFor,
  type RegistryMessage,
} from './command.js';
import { type RegistryEvent, tellDifference, tellMembers } from './difference.js';
import { type ClaimId, type Entry, claimId } from './entry.js';
import { TableExchange, type Told } from './exchange.js';
import { merge } from './merge.js';
import { PendingCommands } from './pending-commands.js';
import type { IgnoreReason, RegistrySink, RegistryView } from './ports.js';
import { type PartTestimony, daemonOf, daemonsOf, goneFrom } from './primary.js';
import { inView, type Names, Returns } from './returns.js';
import { speech } from './speech.js';
import { Table } from './table.js';
import { UnsureClaims } from './unsure-claims.js';
import { voteOf } from './vote.js';

export class RegistryMachine {
  table = new Table();
  members: readonly string[] = [];
  viewId: GroupId = [0, 0, 0];
  /** Whether this part of the network may give away names. */
  isPrimary = false;
  /** Members of the view. */
  private inView: ReadonlySet<string> = new Set();
  /** Those of them that are not left out. */
  private present: ReadonlySet<string> = new Set();
  /** Members of the view that have said nothing. */
  private excluded: ReadonlySet<string> = new Set();
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
  private unreachable = new Set<string>();
  private exchange: TableExchange | null = null;
  /** Takes what those who are left out bring; the first state of theirs makes it the exchange. */
  private returning: TableExchange | null = null;
  /** Exchanges of this view before the one that is under way, or was the last. */
  private round = 0;
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
  private readonly listedVoters: readonly (readonly string[])[];
  private inTransition = false;
  private firstView: GroupId = [0, 0, 0];
  private claims = 0;
  private readonly pending: PendingCommands;
  /** Members that have returned, and those that may. */
  readonly returns: Returns;
  /** Whether the table is from before a loss of the connection, and no exchange has been complete since. */
  private hasMoved = false;
  private readonly unsure: UnsureClaims;

  /**
   * @param listed daemons of which more than half have to be together to give away names; none: of those that were last
   * @param heritage what the same connection knew before it was lost, and came back without a gap; null: nothing
   */
  constructor(
    readonly self: string,
    private readonly sink: RegistrySink,
    listed: readonly string[] = [],
    private heritage: RegistryMachine | null = null,
  ) {
    this.table = heritage?.table ?? this.table;
    this.pending = new PendingCommands({
      counts: (command) => this.counts(command, this.tag),
      send: (serial, command) => this.send({ serial, tag: this.tag, command }),
    });
    // Such a claim takes from nobody when it is made again: the owner may have been back meanwhile.
    this.unsure = new UnsureClaims({
      holds: (serial, entry) => sink.settled(serial, { ok: true, entry }),
      lost: (serial, claim) => this.repeat(serial, { ...claim, from: null }),
    });
    this.returns = new Returns(sink, (member) => {
      this.told = new Set([...this.told].filter((each) => each !== member));
      this.unreachable.delete(member);
    });
    // In one order everywhere, since the first one breaks ties.
    this.electorates = this.listedVoters = listed.length > 0 ? [[...new Set(listed)].toSorted()] : [];
  }

  /** Whether it can tell what the last primary component knew. */
  get remembers(): boolean {
    return this.tookPart.has(this.self);
  }

  /** Whether commands are applied now. */
  get isReady(): boolean {
    return this.has && this.exchange === null && !this.isExcluded;
  }

  /** What is said now carries this. */
  get tag(): RoundTag {
    return [...this.viewId, this.round];
  }

  /** Pieces of the tables of others that wait. */
  get heldPieces(): number {
    return (this.exchange?.heldPieces ?? 0) + (this.returning?.heldPieces ?? 0);
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
    const serial = this.pending.add(command);
    this.forgetReturned();
    this.pending.offer();
    return serial;
  }

  /** A command without an outcome as it was sent last, to be given again after a loss of the connection. */
  commandOf(serial: number): Command | undefined {
    return this.pending.get(serial) ?? this.unsure.get(serial);
  }

  /** It takes long: whoever should speak or vote for this member may be frozen. */
  nudge(): void {
    if (this.exchange || this.isExcluded) this.speak(true);
    else if (this.ballot?.wants(this.self) === true) this.sendVote(this.ballot);
  }

  /** It takes too long: whoever has said nothing by now is left out. */
  settle(): void {
    const { exchange } = this;
    if (!exchange) return;
    if (exchange.maySettle(this.self)) this.send({ kind: 'settle', tag: exchange.tag });
    this.sink.exchanging();
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
      if (this.heritage?.has === true) this.inherit(this.heritage);
    }
    const wasWhole = this.isReady && !isFirst;
    this.returns.view(view);
    this.inTransition = false;
    this.viewId = id;
    this.members = members;
    this.inView = new Set(members);
    this.round = 0;
    this.returning = null;
    this.ballot = null;
    const stayed = cause === 'network' ? new Set(view.cameWithMe) : this.inView;
    const staying = (names: Iterable<string>): Set<string> =>
      new Set([...names].filter((name) => stayed.has(name) && this.inView.has(name)));
    // Whoever was left out itself knows nothing of the others.
    this.exclude(this.isExcluded ? new Set() : staying(this.excluded));
    for (const member of this.present) if (!this.told.has(member)) this.glimpsed.add(member);
    this.forgetReturned();
    this.peers = isFirst ? new Set([this.self]) : staying(this.peers);
    this.tookPart = staying(this.tookPart);
    this.fresh = staying(
      cause === 'join' && changed !== null && !isFirst ? [...this.fresh, changed] : this.fresh,
    );
    if (changed !== null && cause !== 'join' && cause !== 'network') this.departed(changed, cause);
    if (wasWhole && this.peers.size === members.length) this.shrunk(cause);
    else this.beginExchange(this.newExchange(0));
  }

  /** Takes over what the same connection knew before a loss. It votes as a newcomer does: it is at another daemon now. */
  private inherit(before: RegistryMachine): void {
    this.returns.inherit(before.returns);
    const { told, unreachable, testimony, electorates } = before;
    this.heritage = null;
    Object.assign(this, { told, unreachable: new Set(unreachable), testimony, electorates });
    this.has = this.hasMoved = this.isInformed = true;
  }

  private get isExcluded(): boolean {
    return this.excluded.has(this.self);
  }

  private exclude(excluded: ReadonlySet<string>): void {
    this.excluded = excluded;
    this.present = new Set(this.members.filter((member) => !excluded.has(member)));
  }

  /** @param service with which it was sent to the group; null: to this member, so that it has no place in the order */
  message(sender: string, bytes: Buffer, service: Service | null): void {
    const reason = this.take(sender, bytes, service);
    if (reason !== null) this.sink.ignored(sender, reason);
  }

  /** @returns why it is ignored, or null */
  private take(sender: string, bytes: Buffer, service: Service | null): IgnoreReason | null {
    if (!this.inView.has(sender)) return this.returns.wasOf(sender) ? null : 'stranger';
    if (isOfOtherVersion(bytes)) return 'version';
    const message = decodeRegistryMessage(bytes);
    if (!message || !isSureEnough(message, service)) return 'malformed';
    if ('kind' in message && message.kind === 'part') {
      const exchanges = [this.exchange, this.excluded.has(sender) ? this.returning : null];
      const isFit = exchanges.every((each) => each?.part(sender, message, service !== null) !== false);
      return isFit ? null : 'malformed';
    }
    if (service === null) return 'malformed';
    this.returns.close();
    if ('command' in message) this.command(sender, message);
    else if (message.kind === 'state') return this.state(sender, message) ? null : 'malformed';
    else if (message.kind === 'settle') this.settled(sender, message);
    else this.vote(sender, message);
    return null;
  }

  /** @returns false for one that is invalid */
  private state(sender: string, state: State): boolean {
    const { returning } = this;
    if (!this.exchange && returning && this.excluded.has(sender)) {
      const isValid = returning.state(sender, state);
      if (returning.hasBegun) this.comeBack(returning);
      return isValid;
    }
    const isValid = this.exchange?.state(sender, state) !== false;
    if (this.exchange?.isComplete === true) this.complete(this.exchange);
    return isValid;
  }

  private settled(sender: string, { tag }: Settle): void {
    const { exchange } = this;
    if (exchange && equalTags(tag, exchange.tag) && exchange.settle(sender)) this.complete(exchange);
  }

  private command(sender: string, { serial, tag, command }: Numbered): void {
    const own = sender === this.self ? this.pending.get(serial) : undefined;
    if (!this.counts(command, tag) || !this.present.has(sender)) {
      if (own) this.repeat(serial, own);
      return;
    }
    const epoch = this.isPrimary ? (this.testimony.epoch ?? 0) : 0;
    const { inTransition, present: members } = this;
    const around = { members, epoch, inTransition, tell: this.sink.tell.bind(this.sink) };
    const outcome = apply(this.table, sender, command, around);
    if (!own) return;
    this.pending.delete(serial);
    if (command.kind === 'claim' && outcome.ok && outcome.entry?.unsure === true) {
      this.unsure.add(serial, command);
    } else {
      this.sink.settled(serial, outcome);
    }
  }

  /**
   * Whether a command with that tag is applied, here and now. It is for everybody of the view or for nobody: the
   * sender asks the same before it sends, and whoever receives the command has received all that the sender had by then.
   * While it is voted nobody knows whether names may be given away.
   */
  private counts(command: Command, tag: RoundTag): boolean {
    if (!this.isReady || !equalTags(tag, this.tag)) return false;
    return command.kind !== 'claim' || !command.strict || this.ballot === null;
  }

  /** Makes a command again that did not count, or did not hold: a claim under another id, since a part may have that one. */
  private repeat(serial: number, command: Command): void {
    const again = command.kind === 'claim' ? { ...command, claim: this.newClaim() } : command;
    this.pending.replace(serial, again);
    this.pending.offer();
  }

  /** An owner that is back has to be out of sight for as long again before its name may be taken. */
  private forgetReturned(): void {
    this.pending.forgetTakeOvers((claim) => {
      const owner = this.table.get(claim)?.owner;
      return owner !== undefined && (this.present.has(owner) || this.glimpsed.has(owner));
    });
  }

  private departed(member: string, cause: 'leave' | 'disconnect'): void {
    const reason = cause === 'leave' ? 'left' : 'disconnect';
    const news: RegistryEvent[] = [];
    const had = depart(this.table, member, reason, this.told, (event) => news.push(event));
    news.push({ kind: 'member-gone', member, reason });
    this.returns.departed(member, had, news, cause === 'disconnect');
    if (cause === 'disconnect') this.sink.departing();
  }

  /** Nobody came: everybody has what is needed already. */
  private shrunk(cause: RegistryView['cause']): void {
    const { electorates, isInformed: informed, present: members, table, testimony, tookPart } = this;
    const epoch = testimony.epoch ?? 0;
    const known = { epoch, informed, testimony, tookPart, electorates, moved: false, returns: [] };
    const side: Told = { table, members, has: true, ...known };
    if (cause === 'network') this.adoptTables([side]);
    this.tellNothing();
    this.beginVote([side]);
    this.pending.offer();
  }

  private newExchange(round: number): TableExchange {
    return new TableExchange([...this.viewId, round], this.members, this.self, (returns) =>
      this.returns.applied(this.table, returns),
    );
  }

  private beginExchange(exchange: TableExchange): void {
    this.exchange = exchange;
    this.sink.exchanging();
    if (!this.isExcluded) this.speakInTurn();
  }

  /** The others have come together without this member. It says what it has as soon as it can. */
  private stayOut(): void {
    this.isPrimary = false;
    // Whoever was seen to join with nothing has what the others have.
    this.fresh = new Set([...this.fresh].filter((member) => this.excluded.has(member)));
    this.speakInTurn();
  }

  /** One of those who were left out has said what it brings: all come together again, as after a break. */
  private comeBack(returning: TableExchange): void {
    this.returning = null;
    this.ballot = null;
    this.round++;
    for (const { members } of returning.sides()) for (const member of members) this.glimpsed.add(member);
    this.forgetReturned();
    this.beginExchange(returning);
  }

  /** The first member of each part speaks for it. */
  private speakInTurn(): void {
    const place = this.members.filter((member) => this.peers.has(member)).indexOf(this.self);
    // What one knows that has just returned is needed only where nobody else speaks.
    const isOther = (each: string): boolean => !this.peers.has(each) && !this.fresh.has(each);
    const isReserve = this.hasMoved && this.members.some(isOther);
    if (place === 0 && !isReserve) this.speak(false);
    else this.sink.waiting(Math.max(1, place));
  }

  /** Says what this member and its peers bring. @param isForced the table goes to the group in any case */
  private speak(isForced: boolean): void {
    const { electorates, has, isInformed: informed, members, peers, fresh, tookPart, testimony } = this;
    const returns = inView(this.returns.list, this.inView);
    const { parts, state } = speech({
      tag: this.exchange?.tag ?? this.returning?.tag ?? this.tag,
      members,
      peers,
      fresh,
      tookPart,
      silent: this.isExcluded ? new Set() : this.excluded,
      table: has ? this.returns.applied(this.table, returns) : null,
      isForced,
      said: { has, informed, testimony, electorates, moved: this.hasMoved, returns },
    });
    for (const { to, part } of parts) this.sink.send(to, encodeRegistryMessage(part), 'agreed');
    this.send(state);
  }

  private complete(exchange: TableExchange): void {
    this.exchange = null;
    const { excluded: before } = this;
    const { doubtful, excluded } = exchange;
    this.returning = excluded.size > 0 ? this.newExchange(this.round + 1) : null;
    this.exclude(excluded);
    if (this.isExcluded) return this.stayOut();
    for (const member of excluded) if (!before.has(member)) this.sink.ignored(member, 'silent');
    if (doubtful !== null) this.sink.ignored(doubtful, 'claim');
    if (!this.has) this.told = this.present;
    this.has = true;
    this.hasMoved = false;
    this.peers = this.present;
    this.fresh = new Set();
    const sides = exchange.sides();
    this.adoptTables(sides);
    this.tellNothing();
    this.sink.ready();
    this.beginVote(sides);
    this.pending.offer();
  }

  /** Reports what changed with this view. */
  private tellNothing(): void {
    this.told = new Set([...this.present, ...this.returns.untold]);
    this.glimpsed.clear();
  }

  /** Takes over what the parts have told. */
  private adoptTables(sides: readonly Told[]): void {
    const { table, dropped, returns } = merge(sides, this.inView, this.excluded);
    const names = (): [Names, Names, Names] => [this.told, this.glimpsed, this.unreachable];
    const before = this.returns.settle(returns, this.table, goneFrom(this.inView), names);
    this.table = table;
    this.unreachable = before.unreachable;
    const tell = (event: RegistryEvent): void => this.sink.tell(event);
    tellMembers(before.members, this.present, this.unreachable, tell, this.inView);
    tellDifference(before, { table, members: this.present }, dropped, tell);
    this.unsure.merged(table);
  }

  private beginVote(sides: readonly Told[]): void {
    const { members, self } = this;
    const mute = this.withoutVote();
    const { ballot, isInformed, ...vote } = voteOf(sides, members, mute, this.listedVoters);
    Object.assign(this, vote, { isPrimary: false });
    this.isInformed ||= isInformed;
    if (!ballot.canPass) return;
    this.ballot = ballot;
    if (mute.has(self)) return;
    const place = members.filter((member) => daemonOf(member) === daemonOf(self)).indexOf(self);
    if (place === 0) this.sendVote(ballot);
    else this.sink.waiting(place);
  }

  /**
   * Members at daemons at which somebody is left out: that one may know what they do not. So the daemon counts as one that is
   * out of sight.
   */
  private withoutVote(): ReadonlySet<string> {
    const daemons = new Set(daemonsOf(this.excluded));
    return new Set(this.members.filter((member) => daemons.has(daemonOf(member))));
  }

  private sendVote({ next }: Ballot): void {
    this.send({ kind: 'vote', tag: this.tag, epoch: next });
  }

  private vote(sender: string, { tag, epoch }: Vote): void {
    if (!equalTags(tag, this.tag) || this.ballot?.vote(sender, epoch) !== true) return;
    this.ballot = null;
    this.isPrimary = true;
    this.testimony = { epoch, promised: epoch };
    this.tookPart = this.present;
    this.isInformed = true;
    // What came after the signal may have come to nobody else: then the earlier lists decide, too.
    if (this.listedVoters.length === 0) {
      const mute = this.withoutVote();
      const voters = daemonsOf(this.members.filter((member) => !mute.has(member)));
      this.electorates = [...(this.inTransition ? this.electorates : []), voters];
    }
    for (const entry of this.table.entries()) if (entry.unsure) this.ensure(entry);
    this.unsure.decided(this.table);
    this.pending.offer();
  }

  /** The primary component has it. */
  private ensure(unsure: Entry): void {
    const entry = { ...unsure, unsure: false };
    this.table.put(entry);
    if (this.present.has(entry.owner)) this.sink.tell({ kind: 'opened', entry });
  }

  private send(message: RegistryMessage): void {
    this.sink.send(null, encodeRegistryMessage(message), neededFor(message));
  }
}
