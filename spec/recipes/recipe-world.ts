/**
 * The cores of recipes on the group model: each member begins with a daemon of its own.
 */
import type { Buffer } from 'node:buffer';
import { MembersOnly } from '../../lib/recipes/core/members-only.js';
import type { RecipeCore, RecipeView } from '../../lib/recipes/core/port.js';
import type { Choices } from '../support/group-network/choices.js';
import type { Component, Daemon, DataEntry } from '../support/group-network/daemon.js';
import { GroupNetwork } from '../support/group-network/network.js';
import type { Random } from '../support/random.js';
import { GroupRecord } from './group-record.js';
import { Member, recordOf } from './recipe-member.js';

export { Member } from './recipe-member.js';

/** Milliseconds that clocks are wrong by, at most. */
const WRONG = 6 * 3_600_000;

/** How far some clock is ahead. */
export const someClock = (random: Random): number => Math.floor((2 * random.next() - 1) * WRONG);

export class RecipeWorld {
  /** Milliseconds since 1970. */
  now = 1_700_000_000_000;
  readonly members: Member[] = [];
  readonly network = new GroupNetwork<Member>({ daemons: [], isTogether: true, describe: () => '' });

  /** Members that have said something in views in which they are not. */
  readonly strays = new Set<string>();
  /** Whether daemons say who has returned: those of clients that resume do. */
  saysReturned = true;
  /** By the id that a member has now, the one that it had before. */
  private readonly returned = new Map<string, string>();

  constructor(private readonly random: Random) {}

  /** A member is back. */
  returns(before: string, now: string): void {
    this.returned.set(now, before);
  }

  /** The view, with who has returned. */
  statesReturn({ changed, ...view }: RecipeView & { readonly changed: string | null }): RecipeView {
    const isStated = view.cause === 'join' && this.saysReturned;
    const from = isStated && changed !== null ? this.returned.get(changed) : undefined;
    return from === undefined ? view : { ...view, returned: [{ from, to: changed as string }] };
  }

  /**
   * A new process, whose daemon is in a component with `beside`, or where it was.
   * @param ahead milliseconds that its clock is ahead
   */
  start(
    name: string,
    make: (member: Member) => RecipeCore | null,
    beside = this.members[0],
    index = this.members.length,
    ahead = 0,
  ): Member {
    const daemonName = `d${String(index).padStart(2, '0')}`;
    const { daemons } = this.network;
    const daemon =
      daemons.find((each) => each.name === daemonName) ?? this.addDaemon(daemonName, beside?.daemon);
    const member = new Member(index, name, daemon, this, ahead);
    const core = make(member);
    member.core = core && new MembersOnly(core, () => undefined);
    const before = this.members.findIndex((each) => each.index === index);
    if (before >= 0) this.members.splice(before, 1);
    this.members.push(member);
    this.network.connect(daemon, member);
    return member;
  }

  private addDaemon(name: string, beside?: Daemon<Member>): Daemon<Member> {
    const daemon = this.network.add(name, beside);
    const record = new GroupRecord();
    if (beside) record.follow(recordOf(beside));
    daemon.listener = record;
    record.stated = (view) => this.statesReturn(view);
    record.told = (...message) => {
      for (const client of daemon.clients) client.alias(...message);
    };
    return daemon;
  }

  send(
    { daemon, id, isUp, isConnected }: Member,
    to: readonly string[] | null,
    body: Buffer,
    isSafe: boolean,
  ): void {
    const copy = Uint8Array.prototype.slice.call(body) as Buffer;
    if (isUp && isConnected) this.network.sendAs(daemon, id, to, copy, isSafe);
  }

  leave({ daemon, id }: Member): void {
    daemon.outbox.push({ kind: 'leave', sender: id, daemon: daemon.index });
  }

  /** Its daemon lives on and tells the others. */
  crash(member: Member): void {
    if (!member.isUp) return;
    member.end();
    if (member.isConnected) this.network.disconnect(member.daemon, member, 'disconnect');
  }

  /** Its connection breaks. */
  lose(member: Member): void {
    if (!member.isUp || !member.isConnected || !member.core) return;
    this.network.disconnect(member.daemon, member, 'disconnect');
    member.lose();
  }

  /**
   * A daemon ends, with the connection of its client, and begins again. Others of its component know what it has passed on.
   * @param choices what it and the others have delivered at the end; the first: the same
   */
  kill(daemon: Daemon<Member>, choices: Choices = this.random): void {
    const { network, members } = this;
    const heir = daemon.component.daemons.find((each) => each !== daemon);
    if (!heir || daemon.clients.length > 1) return;
    const rest = network.components.map(({ daemons }) => daemons.filter((each) => each !== daemon));
    network.regroup([...rest.filter(({ length }) => length > 0), [daemon]], choices);
    const outbox = daemon.outbox.filter((entry) => entry.kind === 'data');
    for (const member of members) {
      if (member.witness !== daemon) continue;
      member.witness = heir;
      const own = outbox.filter(({ sender }) => sender === member.id);
      member.unsent.push(...own);
      if (member.isUp && member.isConnected) member.lose();
    }
    network.restart(daemon);
    recordOf(daemon).forget();
  }

  /** It moves: what the daemon that it leaves has not passed on comes from the next one, behind its return. */
  move(member: Member, to: Daemon<Member>): void {
    const { daemon, id, isConnected } = member;
    if (!isConnected || member.isAway || to === daemon) return;
    const own = daemon.outbox.filter(({ sender, kind }) => kind === 'data' && sender === id);
    if (daemon.outbox.some(({ sender, kind }) => kind !== 'data' && sender === id)) return;
    daemon.outbox = daemon.outbox.filter((entry) => !own.includes(entry));
    daemon.clients = daemon.clients.filter((each) => each !== member);
    member.lose();
    member.connected(to, true);
    // Side by side, as daemons carry a return out.
    const end = { kind: 'disconnect', sender: id, daemon: to.index } as const;
    to.clients.push(member);
    to.component.log.push(end, { kind: 'join', sender: member.id, daemon: to.index, client: member });
    for (const entry of own) if (entry.kind === 'data') this.repeat(member, entry);
  }

  private repeat({ daemon, id }: Member, { to, body, isSafe }: DataEntry): void {
    this.network.sendAs(daemon, id, to, body, isSafe);
  }

  /**
   * It finds a daemon again: one that knows what became of what it sent before. In another part of a broken network nobody
   * does, and there no member can promise that a command is applied once.
   * @param isWhole whether it gets what it has missed, where the daemon has it
   */
  comeBack(member: Member, daemon: Daemon<Member>, isWhole = false): void {
    if (!member.isUp || member.isConnected) return;
    const { id, witness } = member;
    if (daemon.component !== witness.component || witness.outbox.some(({ sender }) => sender === id)) return;
    member.connected(daemon, isWhole);
    this.network.connect(daemon, member);
    for (const entry of member.unsent.splice(0)) this.repeat(member, entry);
  }

  /** The components from now on; members that are in none of the sets stay with the first. */
  regroup(sets: readonly (readonly Member[])[], choices: Choices = this.random): void {
    // Several members may be at one daemon: it is where the first of them is.
    const placed = new Set<Daemon<Member>>();
    const [first = [], ...others] = sets
      .map((set) =>
        [...new Set(set.map(({ daemon }) => daemon))].filter((each) => !placed.has(each) && placed.add(each)),
      )
      .filter(({ length }) => length > 0);
    const elsewhere = new Set(others.flat());
    const rest = this.network.daemons.filter((each) => !first.includes(each) && !elsewhere.has(each));
    this.network.regroup([[...first, ...rest], ...others], choices);
  }

  /** One small step: an entry of the order of a component, or an input of a member. @returns false when nothing was to be done */
  step(): boolean {
    const isOrder = this.random.below(1 + this.members.length) === 0;
    return isOrder ? this.order() || this.take() : this.take() || this.order();
  }

  private order(): boolean {
    const { network, random } = this;
    const { components } = network;
    const first = random.below(components.length);
    network.turn = random.below(this.members.length);
    for (let i = 0; i < components.length; i++)
      if (network.stepIn(components[(first + i) % components.length] as Component<Member>)) return true;
    return false;
  }

  private take(): boolean {
    const { members } = this;
    const first = this.random.below(members.length);
    for (let i = 0; i < members.length; i++)
      if ((members[(first + i) % members.length] as Member).take()) return true;
    return false;
  }

  /** Steps until nothing is to be done and no timer is due within `limit` milliseconds. */
  settle(limit = 30_000): void {
    const end = this.now + limit;
    for (let count = 0; count < 2_000_000; count++) {
      if (this.step()) continue;
      const due = Math.min(...this.members.map(({ dueAt }) => dueAt));
      if (due > end) return;
      this.pass(Math.max(0, due - this.now));
    }
    throw new Error('the world does not come to rest');
  }

  /** Time passes. */
  pass(milliseconds: number): void {
    this.now += milliseconds;
    for (const member of this.members) if (member.dueAt <= this.now) member.core?.tick(member.now());
  }
}
