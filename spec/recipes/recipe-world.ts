/**
 * The cores of recipes on the group model: each member has a daemon of its own, takes its inputs at its own pace, and has
 * its own clock.
 */
import type { Buffer } from 'node:buffer';
import { MembersOnly } from '../../lib/recipes/core/members-only.js';
import type { Sender, RecipeCore, RecipeView } from '../../lib/recipes/core/port.js';
import type { Choices } from '../support/group-network/choices.js';
import type { Component, Daemon, GroupClient } from '../support/group-network/daemon.js';
import { GroupNetwork } from '../support/group-network/network.js';
import type { Random } from '../support/random.js';

type Service = 'agreed' | 'safe';

/** Milliseconds that clocks are wrong by, at most. */
const WRONG = 6 * 3_600_000;

/** How far some clock is ahead. */
export const someClock = (random: Random): number => Math.floor((2 * random.next() - 1) * WRONG);

/** One member: a daemon of its own with one client. */
export class Member implements GroupClient, Sender {
  core: MembersOnly | null = null;
  isJoined = false;
  isUp = true;
  /** Takes nothing, as a stopped process. */
  isFrozen = false;
  /** As its daemon has it, whether it was taken or not. */
  lastView: RecipeView | null = null;
  readonly id: string;
  private readonly inbox: ((core: MembersOnly, now: number) => void)[] = [];

  /** @param ahead how far its clock is ahead */
  constructor(
    readonly index: number,
    readonly name: string,
    readonly daemon: Daemon<Member>,
    private readonly world: RecipeWorld,
    public ahead: number,
  ) {
    this.id = `#${name}#${daemon.name}`;
  }

  now(): number {
    return this.world.now + this.ahead;
  }

  get isMember(): boolean {
    return this.daemon.members.includes(this.id);
  }

  /** When it has something to do, in the time of the world. */
  get dueAt(): number {
    return this.isFrozen || !this.core ? Infinity : this.core.dueAt - this.ahead;
  }

  send(body: Buffer, service: Service): void {
    this.world.send(this, null, body, service === 'safe');
  }

  sendTo(id: string, body: Buffer): void {
    this.world.send(this, [id], body, false);
  }

  view(view: RecipeView): void {
    this.lastView = view;
    this.give((core, now) => core.view(view, now));
  }

  transition(): void {
    this.give((core, now) => core.transition(now));
  }

  message(sender: string, body: Buffer, toGroup: boolean, isSafe: boolean): void {
    this.give((core, now) => {
      if (toGroup) core.message(sender, body, now, isSafe ? 'safe' : 'agreed');
      else core.direct(sender, body, now);
    });
  }

  left(): void {
    this.give((core, now) => core.left(now));
  }

  /** Its clock jumps. Never back while the core waits: the one that the library uses does not, and timers are set by it. */
  jump(ahead: number): void {
    if (ahead >= this.ahead || this.core?.dueAt === Infinity) this.ahead = ahead;
  }

  /** Takes the next input. @returns false when there is none, or it is frozen */
  take(): boolean {
    const act = this.isFrozen ? undefined : this.inbox.shift();
    if (act && this.core) act(this.core, this.now());
    return act !== undefined;
  }

  end(): void {
    this.isUp = false;
    this.core = null;
    this.inbox.length = 0;
  }

  private give(act: (core: MembersOnly, now: number) => void): void {
    if (this.core) this.inbox.push(act);
  }
}

export class RecipeWorld {
  /** Milliseconds since 1970. */
  now = 1_700_000_000_000;
  readonly members: Member[] = [];
  readonly network = new GroupNetwork<Member>({ daemons: [], isTogether: true, describe: () => '' });

  constructor(private readonly random: Random) {}

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
      daemons.find((each) => each.name === daemonName) ?? this.network.add(daemonName, beside?.daemon);
    const member = new Member(index, name, daemon, this, ahead);
    const core = make(member);
    member.core = core && new MembersOnly(core, () => undefined);
    const before = this.members.findIndex((each) => each.daemon === daemon);
    if (before >= 0) this.members.splice(before, 1);
    this.members.push(member);
    this.network.connect(daemon, member);
    return member;
  }

  send({ daemon, id, isUp }: Member, to: readonly string[] | null, body: Buffer, isSafe: boolean): void {
    const copy = Uint8Array.prototype.slice.call(body) as Buffer;
    if (isUp) this.network.sendAs(daemon, id, to, copy, isSafe);
  }

  leave({ daemon, id }: Member): void {
    daemon.outbox.push({ kind: 'leave', sender: id, daemon: daemon.index });
  }

  /** Its daemon lives on and tells the others. */
  crash(member: Member): void {
    if (!member.isUp) return;
    member.end();
    this.network.disconnect(member.daemon, member, 'disconnect');
  }

  /** The components from now on; members that are in none of the sets stay with the first. */
  regroup(sets: readonly (readonly Member[])[], choices: Choices = this.random): void {
    const [first = [], ...others] = sets.map((set) => set.map(({ daemon }) => daemon));
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
