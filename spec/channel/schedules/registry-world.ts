/** Real registry machines in a small world of daemons, and what must hold among them. */
import { Buffer } from 'node:buffer';
import type { GoneReason } from '../../../lib/channel/errors.js';
import type { ApplyResult } from '../../../lib/channel/registry/apply.js';
import { type Command, decodeRegistryMessage } from '../../../lib/channel/registry/command.js';
import { MAX_TABLE_PIECES } from '../../../lib/channel/limits.js';
import type { RegistryEvent } from '../../../lib/channel/registry/difference.js';
import type { ClaimId, Entry } from '../../../lib/channel/registry/entry.js';
import type { IgnoreReason } from '../../../lib/channel/registry/ports.js';
import { type Choices, theFirst } from '../../support/group-network/choices.js';
import {
  type Component,
  type Daemon,
  daemonNames,
  type DataEntry,
} from '../../support/group-network/daemon.js';
import { GroupNetwork } from '../../support/group-network/network.js';
import { Grants } from './grants.js';
import { HostileConnection, type HostileKind } from './hostile-connection.js';
import { type ConnectionHost, RegistryConnection } from './registry-connection.js';

/** Something that must never happen has happened. */
export class Violation extends Error {
  constructor(
    readonly property: string,
    text: string,
  ) {
    super(`${property}: ${text}`);
  }
}

export interface WorldOptions {
  readonly daemons: number;
  /** Whether every connection is told the names of all daemons. */
  readonly areTold: boolean;
  readonly isTraced?: boolean;
  /** Off: what the machines say of themselves is not compared; only what applications are told counts. */
  readonly comparesMachines?: boolean;
}

export type EndKind = 'crash' | 'leave' | 'power loss';

/** All that were there have forgotten: what was decided before binds nobody. Only where daemons are not told. */
export class MemoryLost extends Error {}

/** Steps after which a world that still moves will never come to rest. */
const MAX_STEPS = 20_000;
/** Milliseconds in which everything that begins by itself is over. */
const QUIET = 15_000;
/** Rounds of nudges after which a world that still nudges will never come to rest. */
const MAX_NUDGES = 1000;

export class RegistryWorld extends GroupNetwork<RegistryConnection> implements ConnectionHost {
  now = 0;
  readonly grants = new Grants((property, text) => this.fail(property, text));
  /** What honest members ignored, as `reason member`. */
  readonly ignoredOnes = new Set<string>();
  /** Creates by the code of their refusal. */
  readonly refusals = new Map<string, number>();
  private readonly started: RegistryConnection[] = [];
  private readonly departed: RegistryConnection[] = [];
  private names = 0;
  /** Ids of before. */
  private readonly before = new Set<string>();
  /** Who has made each claim: another connection can have the name of one that has ended. */
  private readonly claimants = new Map<ClaimId, RegistryConnection>();
  /** The view in which the registry began with nothing. */
  private begunIn: string | null = null;

  constructor(
    private readonly rules: WorldOptions,
    readonly trace: string[] = [],
  ) {
    super({
      daemons: daemonNames(rules.daemons),
      isTogether: true,
      renewsIds: true,
      hasLateSignals: true,
      describe: textOf,
      tell: rules.isTraced === true ? (line) => void trace.push(line) : undefined,
    });
  }

  /** Honest ones. */
  override get clients(): RegistryConnection[] {
    return super.clients.filter(({ isHostile }) => !isHostile);
  }

  clientsAt({ clients }: Daemon<RegistryConnection>): RegistryConnection[] {
    return clients.filter(({ isHostile }) => !isHostile);
  }

  fail(property: string, text: string): never {
    throw new Violation(property, text);
  }

  /** Steps in every component until nothing is under way, or until there were as many as that. */
  run(steps = Infinity): void {
    for (let step = 0; step < steps; step++) {
      if (!this.step()) return this.checkAtRest();
      if (step > MAX_STEPS) this.fail('livelock', `the world does not come to rest in ${MAX_STEPS} steps`);
    }
  }

  /** A connection `#name#daemon` that enters the registry. */
  start(daemon: Daemon<RegistryConnection>, name: string): RegistryConnection {
    const given = `#${name}#${daemon.name}`;
    const id = this.before.has(given) ? `#r${++this.names}#${daemon.name}` : given;
    if (daemon.clients.some((each) => each.id === id)) throw new Error(`${id} is there already`);
    const told = this.rules.areTold ? this.daemons.map((each) => each.name) : [];
    const connection = new RegistryConnection(id, daemon, this, told);
    this.log(`  start ${id}`);
    this.started.push(connection);
    this.connect(daemon, connection);
    return connection;
  }

  /** A connection at the daemon of that number that does harm. @param pieces how many a flooder sends */
  startHostile(daemon: number, kind: HostileKind, pieces?: number): void {
    const place = this.daemonAt(daemon);
    const id = `#hostile#${place.name}`;
    if (place.clients.some((each) => each.id === id)) return;
    this.log(`  start ${id}, ${kind}`);
    this.connect(place, new HostileConnection(id, place, this, kind, pieces));
  }

  /** The same at the daemon of that number. */
  startAt(daemon: number, name = 'a'): RegistryConnection {
    return this.start(this.daemonAt(daemon), name);
  }

  end(connection: RegistryConnection, kind: EndKind): void {
    this.log(`  ${kind} of ${connection.id}`);
    connection.isUp = false;
    this.grants.ownerEnded(connection);
    const asDaemonsSay = kind === 'leave' ? 'leave' : 'disconnect';
    const { daemon, id } = connection;
    // What the connection sent and nobody has ordered is gone too.
    if (kind === 'power loss')
      daemon.outbox = daemon.outbox.filter(
        (entry) => entry.sender !== id || entry.kind === 'leave' || entry.kind === 'disconnect',
      );
    this.disconnect(daemon, connection, asDaemonsSay);
  }

  /**
   * The connection was lost, and returns at a daemon without a gap. @param isGone whether its old daemon has noticed the loss;
   * else all see it go and come in one place
   */
  move(connection: RegistryConnection, daemon: Daemon<RegistryConnection>, isGone: boolean): void {
    const { id: from, daemon: old } = connection;
    const [, name] = from.split('#') as [string, string];
    // A name of before is free when all have seen that nobody is reached by it any more.
    const to = `#${daemon === old ? name : `r${++this.names}`}#${daemon.name}`;
    if (from !== to) this.before.add(from);
    this.log(`  ${from} returns as ${to}${isGone ? ', after its end was noticed' : ''}`);
    connection.wasGone ||= isGone;
    connection.seeMembers();
    old.outbox = old.outbox.filter((entry) => entry.sender !== from);
    // A daemon that is elsewhere by now is dead, or notices that the connection is.
    if (isGone || old.component !== daemon.component) this.disconnect(old, connection, 'disconnect');
    else old.clients = old.clients.filter((each) => each !== connection);
    connection.move(to, daemon);
    this.connect(daemon, connection, from);
  }

  /** The n-th connection of a daemon. */
  at(daemon: number, n = 0): RegistryConnection {
    const connection = this.clientsAt(this.daemonAt(daemon))[n];
    if (!connection) throw new Error(`d${daemon} has no connection ${n}`);
    return connection;
  }

  create(connection: RegistryConnection, name: string): void {
    const isAsked = connection.create(name);
    this.log(`  ${connection.id} creates ${name}${isAsked ? '' : ', too early'}`);
  }

  /** The connection closes the channel of that name. */
  close(connection: RegistryConnection, name: string): void {
    const grant = this.grants.of(connection).find((each) => each.name === name);
    if (!grant) throw new Error(`${connection.id} has no ${name}`);
    this.log(`  ${connection.id} closes ${name}`);
    connection.release(grant.claim);
  }

  /** Components as in `01 2`: the numbers of the daemons that are together. */
  cut(components: string, choices: Choices = theFirst): void {
    const parts = components.split(' ');
    this.regroup(
      parts.map((digits) => Array.from(digits, (digit) => this.daemonAt(Number(digit)))),
      choices,
    );
  }

  /** Nothing happens from outside for some time. */
  settle(ms = QUIET): void {
    const end = this.now + ms;
    for (let round = 0; round < MAX_NUDGES; round++) {
      this.run();
      this.seeMembers();
      const { clients } = this;
      const due = Math.min(...clients.map(({ dueAt }) => dueAt));
      this.now = Math.max(this.now, Math.min(due, end));
      if (due > end) return this.seeMembers();
      for (const connection of clients) connection.nudgeWhenDue();
    }
    this.fail('livelock', `the world does not come to rest in ${MAX_NUDGES} nudges`);
  }

  /** The network is whole, nobody is frozen, and every daemon has a connection: all must be well after that. */
  endFaults(): void {
    this.log('end of all faults');
    for (const connection of this.clients) connection.thaw(false);
    this.regroup([this.daemons]);
    this.settle();
    for (const daemon of this.daemons) {
      if (this.clientsAt(daemon).length > 0) continue;
      this.start(daemon, 'a');
      this.settle();
    }
    this.endHostile();
    this.settle();
    this.checkLiveness();
    this.checkMembers();
    this.grants.checkTable(this.at(0).machine.table);
    this.checkCreation();
  }

  /** They have stopped nobody so far. */
  private endHostile(): void {
    this.checkHeld();
    for (const { id, machine } of this.clients)
      if (!machine.isReady) this.fail('blocked', `${id} is not ready beside what others do`);
    const hostile = super.clients.filter(({ isHostile }) => isHostile);
    for (const each of hostile) this.end(each, 'crash');
    if (hostile.length > 0) this.settle();
  }

  /** A message to the group in the name of any connection of the daemon, member or not. */
  sendRaw(daemon: number, sender: string, body: Buffer): void {
    this.sendAs(this.daemonAt(daemon), sender, null, body, false);
  }

  send(from: RegistryConnection, to: readonly string[] | null, body: Buffer, isSafe: boolean): void {
    const message = decodeRegistryMessage(body);
    if (message && 'command' in message && message.command.kind === 'claim')
      this.claimants.set(message.command.claim, from);
    this.sendAs(from.daemon, from.id, to, Buffer.from(body), isSafe);
  }

  settled(connection: RegistryConnection, command: Command, outcome: ApplyResult): void {
    if (command.kind !== 'claim') return;
    const { name, from } = command;
    const own = connection.machine.table.find(name);
    // It was carried out before a loss, and asked for once more.
    if (
      !outcome.ok &&
      own?.owner === connection.id &&
      !own.unsure &&
      connection.hasMoved &&
      !connection.isClaiming(own.claim) &&
      !this.grants.has(own.claim)
    )
      return this.grants.give(connection, own, from);
    this.log(`      ${connection.id} creates ${name}: ${outcome.ok ? 'done' : outcome.code}`);
    if (!outcome.ok) this.refusals.set(outcome.code, (this.refusals.get(outcome.code) ?? 0) + 1);
    else if (outcome.entry) this.grants.give(connection, outcome.entry, from);
  }

  heard(connection: RegistryConnection, event: RegistryEvent): void {
    if (event.kind === 'opened') this.begun(connection, event.entry);
    else if (event.kind === 'closed') this.over(connection, event.entry, event.reason);
  }

  private begun(connection: RegistryConnection, entry: Entry): void {
    const { claim, name, owner } = entry;
    if (connection.ended.has(claim) && this.latest(owner)?.hasMoved !== true)
      this.fail('comes-back', `${name} of ${owner} begins again at ${connection.id}`);
    connection.begun.add(claim);
    this.grants.opened(entry, this.latest(owner));
  }

  private over(connection: RegistryConnection, entry: Entry, reason: GoneReason): void {
    const { claim, name, owner } = entry;
    this.log(`      ${connection.id} hears the end of ${name} of ${owner}: ${reason}`);
    // One that has moved can be closed in a part that does not know where it is, and be there again behind a merge.
    if (connection.machine.isMember(owner) && this.latest(owner)?.hasMoved === false) {
      connection.ended.add(claim);
      if (connection.begun.has(claim)) this.grants.begunAndOver(connection, entry, this.claimants.get(claim));
    }
    connection.begun.delete(claim);
    this.grants.closed(connection, entry, reason, (id) => this.mayKnow(connection, id));
  }

  /** Whether one of the others there knows who has returned from that id. */
  private mayKnow({ machine }: RegistryConnection, id: string): boolean {
    const others = this.clients.filter(({ id: other, isNewHere }) => !isNewHere && machine.isMember(other));
    return others.some(({ knownBefore }) => knownBefore.has(id));
  }

  ignored(connection: RegistryConnection, member: string, reason: IgnoreReason): void {
    this.log(`      ${connection.id} ignores ${member}: ${reason}`);
    this.ignoredOnes.add(`${reason} ${member}`);
    const isOwnFault = this.started.some(({ id }) => id === member);
    if (isOwnFault && reason !== 'silent') this.fail('ignored', `${reason} of ${member}, which is honest`);
  }

  departing(connection: RegistryConnection): void {
    this.departed.push(connection);
  }

  /** What a step has begun is announced when it is over. */
  override stepIn(component: Component<RegistryConnection>): boolean {
    const isBusy = super.stepIn(component);
    for (const { machine } of this.departed.splice(0)) machine.returns.tellLast();
    return isBusy;
  }

  detached({ id }: RegistryConnection): void {
    this.log(`      ${id} is not attached any more`);
    this.grants.lost++;
  }

  ready(connection: RegistryConnection): void {
    const { id, machine, hasEntered, isNewHere } = connection;
    if (isNewHere) {
      this.grants.returned(connection, machine.table);
      for (const claim of this.grants.notOwn(connection, machine.table)) connection.release(claim);
    }
    const view = machine.viewId.join('.');
    // What those bring who were left out it does not have either.
    const present = machine.members.filter((member) => machine.isMember(member));
    if ((hasEntered && !isNewHere) || this.hadTable(present, view)) return;
    // It has what it knew before, and nobody to ask.
    if (hasEntered && !this.rules.areTold) throw new MemoryLost();
    if (hasEntered) return;
    this.log(`      ${id} begins with nothing`);
    this.begunIn ??= view;
    if (this.begunIn !== view && !this.rules.areTold) throw new MemoryLost();
  }

  /** No member makes others hold more than a table of it. */
  private checkHeld(): void {
    for (const { id, machine } of this.clients)
      if (machine.heldPieces > MAX_TABLE_PIECES * machine.members.length)
        this.fail('held', `${id} holds ${machine.heldPieces} pieces of tables`);
  }

  private checkAtRest(): void {
    this.checkHeld();
    if (this.rules.comparesMachines === false) return;
    const primaries = this.components.flatMap((component) => this.checkEqual(component));
    if (primaries.length < 2) return;
    const texts = primaries.map(({ machine }) => `{${machine.members.join(' ')}}`);
    this.fail('two-primaries', `${texts.join(' and ')} are both the primary component`);
  }

  /** @returns one member of the component, if it is primary */
  private checkEqual({ daemons }: Component<RegistryConnection>): RegistryConnection[] {
    const connections = daemons
      .flatMap((daemon) => this.clientsAt(daemon))
      .filter(({ isFrozen, isJoined, machine }) => !isFrozen && isJoined && machine.isReady);
    const [first] = connections;
    if (!first) return [];
    for (const each of connections) {
      const [one, other] = [first.machine, each.machine];
      const pair = `${first.id} and ${each.id}`;
      if (one.viewId.join('.') !== other.viewId.join('.'))
        this.fail('views-differ', `${pair} are in different views`);
      if (!one.table.encode().equals(other.table.encode()))
        this.fail('tables-differ', `${pair} have different tables in one view`);
      if (one.isPrimary !== other.isPrimary)
        this.fail('primary-differs', `${pair} do not agree whether they are primary`);
      this.checkOrphans(each);
      this.checkBegun(each);
    }
    return first.machine.isPrimary ? [first] : [];
  }

  /** What was heard of owners out of sight is what the table says. */
  private checkOrphans({ id, machine, orphans }: RegistryConnection): void {
    const unreachable = [...machine.table.entries()].filter(({ owner }) => !machine.isMember(owner));
    const heard = unreachable.every(({ claim }) => orphans.has(claim)) && unreachable.length === orphans.size;
    if (!heard) this.fail('orphans-differ', `${id} was not told rightly which owners are out of sight`);
  }

  /** What was heard to have begun, and not to be over, is in the table, and all that can be opened was heard of. */
  private checkBegun({ id, machine, begun }: RegistryConnection): void {
    for (const claim of begun)
      if (!machine.table.get(claim)) this.fail('begun-differs', `${id} heard of a channel that is not there`);
    for (const { claim, name, owner, unsure } of machine.table.entries())
      if (!unsure && machine.isMember(owner) && !begun.has(claim))
        this.fail('begun-differs', `${id} heard nothing of ${name} of ${owner}`);
  }

  private checkLiveness(): void {
    const [first] = this.clients;
    for (const { id, machine, openCalls, attached } of this.clients) {
      if (!machine.isReady) this.fail('not-ready', `${id} is not ready at the end`);
      if (openCalls.length > 0) this.fail('open-call', `${id} has no outcome of ${openCalls.join(' ')}`);
      if (!machine.isPrimary) this.fail('not-primary', `${id} is not primary at the end`);
      if (first && !machine.table.encode().equals(first.machine.table.encode()))
        this.fail('tables-differ', `${first.id} and ${id} at the end`);
      for (const claim of attached) {
        const entry = machine.table.get(claim);
        if (!entry?.clients.has(id)) this.fail('detached', `${id} from ${entry?.name ?? 'what is gone'}`);
      }
    }
  }

  /** Who is not here after the end of all faults has ended. */
  private checkMembers(): void {
    const { machine } = this.at(0);
    for (const { name, owner, clients } of machine.table.entries())
      for (const each of [owner, ...clients])
        if (!machine.isMember(each)) this.fail('ghost', `${each} has ended and is still in ${name}`);
  }

  private checkCreation(): void {
    const nameOf = ({ id }: RegistryConnection): string => `end ${id.replaceAll('#', '-')}`;
    for (const connection of this.clients) this.create(connection, nameOf(connection));
    this.settle();
    for (const connection of this.clients) {
      const isThere = this.at(0).machine.table.find(nameOf(connection))?.owner === connection.id;
      if (!isThere) this.fail('no-creation', `${connection.id} cannot create a channel at the end`);
    }
  }

  private daemonAt(index: number): Daemon<RegistryConnection> {
    const daemon = this.daemons[index];
    if (!daemon) throw new Error(`there is no d${index}`);
    return daemon;
  }

  private seeMembers(): void {
    for (const connection of this.clients) connection.seeMembers();
  }

  /** The connection that has, or had, that id in the group. */
  private latest(id: string): RegistryConnection | undefined {
    return this.started.findLast((each) => each.id === id && each.isJoined);
  }

  /** Whether one of these had a table before this view. */
  private hadTable(members: readonly string[], view: string): boolean {
    return members.some((member) => {
      const connection = this.latest(member);
      return connection?.hasEntered === true && !connection.isNewHere && connection.readyIn !== view;
    });
  }
}

/** A message, for the trace. */
function textOf({ body, sender }: DataEntry): string {
  const message = decodeRegistryMessage(body);
  if (!message) return `no message of the registry, of ${sender}`;
  if (!('command' in message)) return `${message.kind} ${fieldsOf(message)} of ${sender}`;
  const { command } = message;
  return `${command.kind}${'name' in command ? ` ${command.name}` : ''} of ${sender}`;
}

/** The fields of a message that fit into a line. */
function fieldsOf(message: object): string {
  const short = (key: string, value: unknown): unknown => {
    if (['kind', 'tag', 'bytes'].includes(key)) return undefined;
    const isFlags =
      Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'boolean');
    return isFlags ? value.map(Number).join('') : value;
  };
  return JSON.stringify(message, short);
}
