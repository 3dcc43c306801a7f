/** Worlds by chance: each has a style of its own, so that some are calm and others are never at rest. */
import { Random } from '../../support/random.js';
import { partitions, theFirst } from '../../support/group-network/choices.js';
import { Guests } from './guests.js';
import type { Daemon } from './replica-client.js';
import { ScheduleWorld, type WorldOptions } from './schedule-world.js';

/** How likely everything is in each round of one world. */
interface Style {
  readonly cut: number;
  /** Views of a cascade that some members never see. */
  readonly cascade: number;
  readonly end: number;
  readonly freeze: number;
  readonly slow: number;
  readonly timer: number;
  readonly pass: number;
  readonly submit: number;
  /** Whether new processes get new names. */
  readonly renames: boolean;
  /** Whether it is a matter of chance who has the next entry of the order. */
  readonly shuffles: boolean;
  readonly mostSteps: number;
}

const TOGETHER = 0.7;
const MOST_ROUNDS = 14;
const MOST_LIES = 6;
const CLOCKS_APART_MS = 5 * 60_000;
const LONGEST_RESTORE_MS = 10_000;

const styleOf = (random: Random): Style => ({
  cut: 0.1 + random.next() * 0.5,
  cascade: random.chance(0.3) ? 0.3 : 0,
  end: random.chance(0.6) ? random.next() * 0.35 : 0,
  freeze: random.chance(0.3) ? 0.1 : 0,
  slow: random.chance(0.4) ? 0.15 + random.next() * 0.6 : 0,
  timer: random.next() * 0.25,
  pass: random.chance(0.3) ? 0.3 : 0,
  submit: random.next() * 0.8,
  renames: random.chance(0.3),
  shuffles: random.chance(0.5),
  mostSteps: 1 + random.below(16),
});

/** Plays the world of a seed to its end. */
export function playRandom(
  options: WorldOptions,
  seed: number,
  tell?: (line: string) => void,
): ScheduleWorld {
  const random = new Random(seed);
  const world = new ScheduleWorld(options, random.chance(TOGETHER), tell);
  new RandomWorld(world, random, styleOf(random)).play();
  return world;
}

class RandomWorld {
  private readonly partitions: Daemon[][][];
  private named = 0;
  private guests: Guests | null = null;

  constructor(
    private readonly world: ScheduleWorld,
    private readonly random: Random,
    private readonly style: Style,
  ) {
    this.partitions = partitions(world.daemons);
    world.network.hasLeads = random.chance(0.5);
    if (random.chance(0.5)) world.clockAhead = () => random.below(CLOCKS_APART_MS);
  }

  play(): void {
    const { world, random } = this;
    for (const daemon of world.daemons) this.start(daemon, `m${daemon.index}`);
    if (random.chance(0.5)) this.beginCalmly();
    const { hasGuests, quorum } = world.options;
    if (hasGuests) this.guests = new Guests(random.pick(world.daemons), quorum !== null);
    for (let rounds = 3 + random.below(MOST_ROUNDS); rounds > 0; rounds--) this.round();
    world.heal();
  }

  private beginCalmly(): void {
    const { world } = this;
    world.regroup([world.daemons]);
    world.settle();
    for (const daemon of world.daemons) world.submit(daemon);
    world.settle();
  }

  private round(): void {
    const { random, style, world } = this;
    if (style.shuffles) world.network.turn = random.below(world.daemons.length);
    if (random.chance(style.submit))
      for (const daemon of world.daemons) if (random.chance(0.6)) world.submit(daemon);
    const { guests } = this;
    if (guests) for (let lies = random.below(MOST_LIES); lies > 0; lies--) guests.act(random, world.now);
    if (random.chance(style.cut)) this.regroup();
    if (random.chance(style.end)) this.end(random.pick(world.daemons));
    for (const daemon of world.daemons) {
      if (world.clientOf(daemon)) this.disturb(daemon);
      else if (random.chance(0.4)) this.start(daemon, this.nameFor(daemon));
    }
    this.letPass();
  }

  private letPass(): void {
    const { random, style, world } = this;
    if (random.chance(style.pass)) world.pass(random.below(3000));
    const chance = random.next();
    if (chance < style.timer) world.settle(1000 + random.below(3000));
    else if (chance < style.timer + 0.35) world.run();
    else world.run(random.below(style.mostSteps));
  }

  private nameFor({ index }: Daemon): string {
    return this.style.renames && this.random.chance(0.7) ? `n${++this.named}` : `m${index}`;
  }

  private start(daemon: Daemon, name: string): void {
    const { random, style } = this;
    const client = this.world.start(daemon, name);
    client.restoreTakes = () => (random.chance(style.slow) ? random.below(LONGEST_RESTORE_MS) : 0);
  }

  private end(daemon: Daemon): void {
    const { random, world } = this;
    if (!world.clientOf(daemon) || !world.mayEnd(daemon)) return;
    if (random.chance(0.5)) world.losePower(daemon, random);
    else world.end(daemon, random.chance(0.5));
  }

  private disturb(daemon: Daemon): void {
    const { random, style, world } = this;
    const client = world.clientOf(daemon);
    if (!client) return;
    if (random.chance(style.freeze)) {
      world.tell(`  ${client.id} freezes`);
      client.freeze();
    } else if (client.isFrozen && random.chance(0.4)) {
      world.tell(`  ${client.id} moves again`);
      client.thaw(random.chance(0.5));
    }
  }

  private regroup(): void {
    const { random, style, world } = this;
    // Some worlds have cuts at which nobody has more than others.
    const choices = random.chance(0.3) ? theFirst : random;
    world.regroup(this.sets(), choices);
    while (random.chance(style.cascade)) {
      world.run(random.below(3));
      world.regroup(this.sets(), choices);
    }
  }

  /** Any components, or those there are but for one daemon that changes sides, or one alone. */
  private sets(): readonly (readonly Daemon[])[] {
    const { random, world } = this;
    const kind = random.next();
    if (kind < 0.55) return random.pick(this.partitions);
    if (kind > 0.75) return [world.daemons];
    const mover = random.pick(world.daemons);
    const others = world.network.components
      .map(({ daemons }) => daemons.filter((daemon) => daemon !== mover))
      .filter(({ length }) => length > 0);
    const to = random.below(others.length + 1);
    if (to === others.length) return [...others, [mover]];
    return others.with(to, [...(others[to] ?? []), mover]);
  }
}
