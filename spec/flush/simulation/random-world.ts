/** Worlds by chance: each has a style of its own, so that some are calm and others are never at rest. */
import { RELIABLE_MESS, SAFE_MESS, SELF_DISCARD, UNRELIABLE_MESS } from '../../../lib/wire/service.js';
import type { GroupClient } from '../../support/group-network/daemon.js';
import { Random } from '../../support/random.js';
import type { Violation } from '../checks/log.js';
import { type ChanceStyle, ChanceWorld, services } from './chance-world.js';
import type { FlushStyle, SimulatedMember } from './member.js';
import { type Daemon, FlushWorld, type Planted, type WorldOptions } from './world.js';

interface Style extends ChanceStyle {
  readonly plain: number;
  readonly lie: number;
  /** Of members that never flush. */
  readonly never: number;
  readonly renames: boolean;
}

const MOST_MEMBERS = 7;
const strong = [SAFE_MESS];
const weak = [UNRELIABLE_MESS, RELIABLE_MESS];

/** Signals fall between the FLUSH_OKs of a change, and safe messages of the new view behind them. */
const torn = {
  cut: 0.6,
  cascade: 0,
  join: 0.5,
  leave: 0.02,
  die: 0.1,
  send: 0.6,
  late: 0,
  never: 0,
  isPrompt: true,
  mostMembers: MOST_MEMBERS,
  mostSteps: 8,
  rounds: 30,
} as const;

/** Some worlds are cuts of settled groups, which show what the others hide behind joins and leaves. */
function styleOf(random: Random, { hostile, canOvertake, isTorn }: WorldOptions): Style {
  const isCalm = random.chance(0.3);
  return {
    cut: isCalm ? 0.4 : random.next() * 0.4,
    cascade: random.chance(0.3) ? 0.3 : 0,
    join: isCalm ? 0.02 : 0.1 + random.next() * 0.4,
    leave: isCalm ? 0 : random.next() * 0.15,
    die: isCalm ? 0 : random.next() * 0.2,
    send: 0.2 + random.next() * 0.6,
    plain: random.chance(0.15) ? 0.1 : 0,
    lie: hostile === 'none' ? 0 : 0.3 + random.next(),
    late: random.next(),
    never: random.chance(0.15) ? 0.2 : 0,
    answer: 0.1 + random.next() * 0.7,
    isPrompt: !canOvertake && random.chance(0.4),
    renames: random.chance(0.5),
    mostMembers: 2 + random.below(MOST_MEMBERS - 1),
    mostSteps: 1 + random.below(12),
    rounds: 6 + random.below(24),
    ...(isTorn && torn),
  };
}

export interface PlayedWorld {
  readonly violations: readonly Violation[];
  readonly views: number;
  readonly messages: number;
}

/** What a seed says of its world. */
export function optionsOf(seed: number): WorldOptions {
  const random = new Random(seed ^ 0x5f17);
  const hostile = random.pick(['none', 'none', 'strangers', 'insiders'] as const);
  // The C library believes everybody.
  const cLibrary = hostile === 'none' ? random.pick(['none', 'half', 'half'] as const) : 'none';
  const canOvertake = hostile !== 'insiders' && random.chance(0.25);
  return { hostile, cLibrary, canOvertake, isTorn: !canOvertake && random.chance(0.15) };
}

/** Plays the world of a seed to its end. */
export function playRandom(
  seed: number,
  options: WorldOptions = optionsOf(seed),
  planted: Planted | null = null,
  tell?: (line: string) => void,
): PlayedWorld {
  const random = new Random(seed);
  const world = new FlushWorld(options, random, tell, planted);
  const isQuiet = new RandomWorld(world, random, styleOf(random, options)).play();
  const entries = world.logs.flatMap((log) => log.entries);
  return {
    violations: world.violations(isQuiet).filter(({ property }) => isPromised(property, options)),
    views: entries.filter(({ kind }) => kind === 'view').length,
    messages: entries.filter(({ kind }) => kind === 'data').length,
  };
}

/**
 * A member that answers changes out of their order, and leaves, makes the cause of a view differ between those who join
 * with it and the others.
 */
const isPromised = (property: string, { hostile }: WorldOptions): boolean =>
  hostile !== 'insiders' || property !== 'VS3, cause for a joiner';

class RandomWorld extends ChanceWorld<Style, FlushWorld, SimulatedMember, GroupClient> {
  constructor(world: FlushWorld, random: Random, style: Style) {
    super(world, random, style, () => world.options.isTorn === true || random.chance(0.5));
  }

  play(): boolean {
    const { world } = this;
    this.playRounds(200);
    for (const member of world.living) if (member.flushStyle === 'never') world.die(member);
    return world.settle();
  }

  protected round(): void {
    const { random, style, world } = this;
    if (random.chance(0.5)) world.network.turn = random.below(world.network.daemons.length);
    for (const member of world.living) this.act(member);
    for (let lies = style.lie; random.chance(lies); lies--) world.lie(random.pick(world.network.daemons));
    if (random.chance(style.join) && world.living.length < style.mostMembers) this.start();
    if (random.chance(style.plain)) world.startPlain(random.pick(world.network.daemons), false);
    if (world.options.hostile === 'insiders' && world.insiders.size === 0 && random.chance(0.3))
      world.startPlain(random.pick(world.network.daemons), true);
    for (const client of [...world.plain.keys(), ...world.insiders.keys()])
      if (random.chance(0.15)) world.endPlain(client);
    if (random.chance(style.cut)) this.regroup();
    this.run(random.below(style.mostSteps));
  }

  protected start(): void {
    const { random, style, world } = this;
    const flush: FlushStyle = random.chance(style.never)
      ? 'never'
      : random.chance(style.late)
        ? 'late'
        : 'at-once';
    const daemon = random.pick(world.network.daemons);
    const free = Array.from({ length: MOST_MEMBERS }, (_, i) => `m${i}`).filter(
      (name) => !world.living.some(({ id }) => id === `#${name}#${daemon.name}`),
    );
    const member = world.start(daemon, style.renames ? `n${++this.named}` : random.pick(free), flush);
    member.isPrompt = style.isPrompt;
  }

  private act(member: SimulatedMember): void {
    const { random, style, world } = this;
    while (random.chance(style.send)) this.send(member);
    if (member.flushStyle === 'late' && random.chance(style.answer)) {
      if (random.chance(0.3)) this.send(member);
      member.flush();
    }
    if (random.chance(style.leave)) {
      if (member.isIn) world.leave(member);
      else world.rejoin(member);
    } else if (random.chance(style.die)) world.die(member);
  }

  private send(member: SimulatedMember): void {
    const { random, world } = this;
    const mostlyWeak = world.canOvertake && random.chance(0.7);
    const usual = world.options.isTorn && random.chance(0.7) ? strong : services;
    const service = random.pick(mostlyWeak ? weak : usual) | (random.chance(0.1) ? SELF_DISCARD : 0);
    const members = member.machine?.members ?? [];
    const isToSome = members.length > 0 && random.chance(0.2);
    const receivers = isToSome ? random.several(members, 1 + random.below(3)) : undefined;
    world.multicast(member, service, receivers);
  }

  /** Steps until the change that is under way lacks little. */
  private approach(): void {
    const { world } = this;
    const isNear = ({ machine }: SimulatedMember): boolean =>
      machine !== null && !machine.isSettled && machine.waitingFor.length <= 2;
    for (let i = 0; i < 40 && !world.living.some(isNear) && world.network.step(); i++);
    // What is sent now waits for the view.
    for (const member of world.living) this.send(member);
  }

  protected override regroup(): void {
    if (this.world.options.isTorn && this.random.chance(0.8)) this.approach();
    super.regroup();
  }

  protected override sets(): readonly (readonly Daemon[])[] {
    const { random, world } = this;
    if (world.options.isTorn && random.chance(0.4)) return world.network.daemons.map((daemon) => [daemon]);
    return super.sets();
  }
}
