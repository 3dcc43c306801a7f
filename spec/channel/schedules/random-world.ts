/** Worlds by chance: cuts, restarts, processes that stand still, names that are created, closed and taken over. */
import { Random } from '../../support/random.js';
import { partitions, theFirst } from '../../support/group-network/choices.js';
import type { Daemon } from '../../support/group-network/daemon.js';
import { HOSTILE_KINDS } from './hostile-connection.js';
import { ORPHAN_TIMEOUT, type RegistryConnection } from './registry-connection.js';
import { MemoryLost, RegistryWorld, Violation } from './registry-world.js';

export interface Shape {
  readonly daemons: number;
  /** Most connections of a daemon. */
  readonly connections: number;
  /** Whether every connection is told the names of all daemons. */
  readonly areTold: boolean;
}

export interface Played {
  readonly seed: number;
  readonly violation: Violation | null;
  /** Whether the world was left, since nobody knew any more what had been decided. */
  readonly isMemoryLost: boolean;
  readonly grants: number;
  readonly takenOver: number;
  /** Names of owners that returned, which they kept, and which they lost. */
  readonly kept: number;
  readonly lost: number;
  readonly trace: readonly string[];
}

type RegistryDaemon = Daemon<RegistryConnection>;

const MIN_ROUNDS = 3;
const MORE_ROUNDS = 16;
/** Names of connections that come back under the name that they had. */
const FIRST_NAME = 'a';
const SECOND_NAME = 'b';

const MOVING_SEED = 0x40e1;
/** Share of the worlds in which connections are lost and return. */
const MOVING_WORLDS = 0.5;

const HOSTILE_SEED = 0x5e11;
/** Share of the worlds in which some members mean harm. */
const HOSTILE_WORLDS = 0.3;

/** How much of everything happens in one world. */
function styleOf(random: Random) {
  const sometimes = (probability: number, most: number): number =>
    random.chance(probability) ? random.next() * most : 0;
  return {
    rounds: MIN_ROUNDS + random.below(MORE_ROUNDS),
    cut: 0.1 + random.next() * 0.5,
    end: sometimes(0.7, 0.25),
    leave: sometimes(0.4, 0.2),
    freeze: sometimes(0.3, 0.24),
    create: random.next() * 0.8,
    settle: random.next() * 0.25,
    start: 0.1 + random.next() * 0.5,
    maxSteps: 1 + random.below(16),
    names: 1 + random.below(3),
    hasNewNames: random.chance(0.5),
    isShuffled: random.chance(0.5),
    hasLongPauses: random.chance(0.3),
    isSparse: random.chance(0.3),
  };
}

class RandomWorld {
  readonly world: RegistryWorld;
  private readonly random: Random;
  private readonly style: ReturnType<typeof styleOf>;
  private readonly partitions: RegistryDaemon[][][];
  private newNames = 0;
  /** Of their own, so that the rest of a world is the same with them. */
  private readonly hostility: Random;
  private readonly isHostile: boolean;
  private readonly moves: Random;
  private readonly areMoving: boolean;

  constructor(
    seed: number,
    private readonly shape: Shape,
    isTraced: boolean,
  ) {
    this.random = new Random(seed);
    this.style = styleOf(this.random);
    this.hostility = new Random(seed ^ HOSTILE_SEED);
    this.isHostile = this.hostility.chance(HOSTILE_WORLDS);
    this.moves = new Random(seed ^ MOVING_SEED);
    this.areMoving = this.moves.chance(MOVING_WORLDS);
    this.world = new RegistryWorld({ daemons: shape.daemons, areTold: shape.areTold, isTraced });
    this.partitions = partitions(this.world.daemons);
  }

  play(): void {
    const { random, world, style } = this;
    this.begin();
    for (let round = 0; round < style.rounds; round++) {
      if (style.isShuffled) world.turn = random.below(this.shape.daemons);
      if (random.chance(style.create))
        for (const each of world.clients) if (random.chance(0.5)) this.use(each);
      if (random.chance(style.cut)) this.cut();
      if (random.chance(style.end)) this.endOne();
      if (random.chance(style.leave)) this.leave();
      if (this.areMoving) this.move();
      for (const daemon of world.daemons) this.startAt(daemon);
      this.startHostile();
      for (const connection of world.clients) this.freezeOrThaw(connection);
      this.goOn();
    }
    world.endFaults();
  }

  private begin(): void {
    const { random, world, style, shape } = this;
    for (const daemon of world.daemons) {
      if (style.isSparse && daemon.index > 0 && random.chance(0.3)) continue;
      const names = [FIRST_NAME, SECOND_NAME].slice(0, 1 + random.below(shape.connections));
      for (const name of names) {
        world.start(daemon, name);
        if (random.chance(0.5)) world.run();
      }
    }
    // Where daemons are not told, those who begin apart from each other both decide.
    if (!shape.areTold || random.chance(0.6)) world.settle();
  }

  private startHostile(): void {
    const { hostility, isHostile, shape, world } = this;
    if (!isHostile || !hostility.chance(0.3)) return;
    // A flood takes long.
    const kind = hostility.chance(0.95) ? hostility.pick(HOSTILE_KINDS) : 'flood';
    if (kind !== 'flood' || hostility.chance(0.1)) world.startHostile(hostility.below(shape.daemons), kind);
  }

  /** What an application does. */
  private use(connection: RegistryConnection): void {
    const { random, world, style } = this;
    if (connection.isFrozen) return;
    const [own] = world.grants.of(connection);
    const name = `n${random.below(style.names)}`;
    if (own && random.chance(0.3)) world.close(connection, own.name);
    else if (random.chance(0.3)) connection.attach(name);
    else world.create(connection, name);
  }

  private cut(): void {
    const { random, world } = this;
    const kind = random.next();
    const isCalm = random.chance(0.3);
    let sets: readonly (readonly RegistryDaemon[])[] = [world.daemons];
    if (kind < 0.55) sets = random.pick(this.partitions);
    else if (kind < 0.75) sets = this.movedOne();
    world.regroup(sets, isCalm ? theFirst : random);
  }

  /** One daemon changes to another component, or is alone. */
  private movedOne(): RegistryDaemon[][] {
    const { random } = this;
    const moved = random.pick(this.world.daemons);
    const others = this.without(moved);
    const to = random.below(others.length + 1);
    if (to === others.length) return [...others, [moved]];
    return others.map((component, i) => (i === to ? component.concat(moved) : component));
  }

  private without(daemon: RegistryDaemon): RegistryDaemon[][] {
    return this.world.components
      .map(({ daemons }) => daemons.filter((each) => each !== daemon))
      .filter(({ length }) => length > 0);
  }

  /** One connection crashes, or a daemon loses its power and all connections with it. */
  private endOne(): void {
    const { random, world } = this;
    if (world.clients.length === 0) return;
    const connection = random.pick(world.clients);
    const { daemon } = connection;
    if (!random.chance(0.4)) {
      if (this.mayEnd([connection])) world.end(connection, 'crash');
    } else if (this.mayEnd(world.clientsAt(daemon))) {
      world.regroup([...this.without(daemon), [daemon]], random);
      if (this.mayEnd(world.clientsAt(daemon)))
        for (const each of daemon.clients) world.end(each, 'power loss');
    }
  }

  /** Connections are lost, alone or with their daemon, and return where what they have missed is known. */
  private move(): void {
    const { moves, world } = this;
    while (moves.chance(0.3) && world.clients.length > 0) {
      const connection = moves.pick(world.clients);
      const old = connection.daemon;
      const others = old.component.daemons.filter((each) => each !== old);
      const isDead = others.length > 0 && moves.chance(0.3);
      const daemon = moves.pick(isDead || (others.length > 0 && moves.chance(0.7)) ? others : [old]);
      const moving = isDead ? world.clientsAt(old) : [connection];
      const areAble = old.component.daemons
        .flatMap((each) => world.clientsAt(each))
        .every(({ isJoined, isFrozen, machine }) => isJoined && !isFrozen && machine.isReady);
      if (!areAble || !this.mayEnd(moving) || !this.mayStart(daemon)) continue;
      // It has delivered nothing that the others do not know: else nobody could return without a gap.
      if (isDead) world.regroup([...this.without(old), [old]]);
      for (const each of moving) world.move(each, daemon, !isDead && (daemon === old || moves.chance(0.3)));
      if (isDead) world.restart(old);
    }
  }

  private leave(): void {
    const { random, world } = this;
    if (world.clients.length === 0) return;
    const connection = random.pick(world.clients);
    const isAble = connection.isJoined && !connection.isFrozen;
    if (isAble && this.mayEnd([connection])) world.end(connection, 'leave');
  }

  /**
   * The last connection of a daemon ends only while a majority of other daemons have one that remembers. So does the last
   * one that remembers, when those beside it are new. Where daemons are not told, only what the newest primary component knew
   * says who may go on.
   */
  private mayEnd(ending: readonly RegistryConnection[]): boolean {
    const { daemons } = this.world;
    const [first] = ending;
    if (!first) return true;
    const staying = this.world.clientsAt(first.daemon).filter((each) => !ending.includes(each));
    const newest = this.shape.areTold ? 0 : Math.max(...this.world.clients.map(({ epoch }) => epoch));
    const knows = ({ remembers, epoch }: RegistryConnection): boolean => remembers && epoch >= newest;
    const isMemoryLost = ending.some(knows) && !staying.some(knows);
    if (staying.length > 0 && !isMemoryLost) return true;
    const remembering = daemons.filter(
      (each) => each !== first.daemon && this.world.clientsAt(each).some(knows),
    );
    return remembering.length >= Math.floor(daemons.length / 2) + 1;
  }

  private startAt(daemon: RegistryDaemon): void {
    const { random, world, style, shape } = this;
    const clients = world.clientsAt(daemon);
    const probability = clients.length === 0 ? style.start : style.start * 0.2;
    if (clients.length >= shape.connections || !random.chance(probability) || !this.mayStart(daemon)) return;
    const isTaken = clients.some(({ id }) => id.startsWith(`#${FIRST_NAME}#`));
    const usual = isTaken ? SECOND_NAME : FIRST_NAME;
    world.start(daemon, style.hasNewNames ? `x${++this.newNames}` : usual);
  }

  /** Where daemons are not told, who is first decides. So nobody begins apart from those who have a table. */
  private mayStart({ component }: RegistryDaemon): boolean {
    const here = component.daemons.flatMap((daemon) => this.world.clientsAt(daemon));
    return this.shape.areTold || here.some(({ isFrozen, machine }) => !isFrozen && machine.isReady);
  }

  private freezeOrThaw(connection: RegistryConnection): void {
    const { random, world } = this;
    if (random.chance(this.style.freeze)) {
      world.log(`  ${connection.id} freezes`);
      connection.isFrozen = true;
    } else if (connection.isFrozen && random.chance(0.3)) {
      world.log(`  ${connection.id} continues`);
      connection.thaw(random.chance(0.5));
    }
  }

  private goOn(): void {
    const { random, world, style } = this;
    const kind = random.next();
    if (style.hasLongPauses && random.chance(0.3)) {
      world.settle(ORPHAN_TIMEOUT + 1000);
      // Now names can be taken over.
      for (const each of world.clients) if (random.chance(0.7)) this.use(each);
    } else if (kind < style.settle) {
      world.settle(500 + random.below(3000));
    } else {
      world.run(kind < style.settle + 0.35 ? Infinity : random.below(style.maxSteps));
    }
  }
}

/** One world. The same seed and shape are the same world. */
export function play(seed: number, shape: Shape, isTraced = false): Played {
  const random = new RandomWorld(seed, shape, isTraced);
  const { world } = random;
  const result = (violation: Violation | null, isMemoryLost = false): Played => ({
    seed,
    violation,
    isMemoryLost,
    grants: world.grants.count,
    takenOver: world.grants.takenOver,
    kept: world.grants.kept,
    lost: world.grants.lost,
    trace: world.trace,
  });
  try {
    random.play();
    return result(null);
  } catch (error) {
    if (error instanceof MemoryLost) return result(null, true);
    if (error instanceof Violation) return result(error);
    return result(new Violation('thrown', error instanceof Error ? String(error.stack) : String(error)));
  }
}

/** Worlds with a violation, by what was violated. */
export interface Found {
  readonly first: Played;
  count: number;
}

export interface Summary {
  readonly worlds: number;
  readonly memoryLost: number;
  readonly grants: number;
  readonly takenOver: number;
  readonly kept: number;
  readonly lost: number;
  readonly found: ReadonlyMap<string, Found>;
}

/** As many worlds as that, with seeds one after the other. */
export function playMany(shape: Shape, from: number, worlds: number): Summary {
  const found = new Map<string, Found>();
  let [memoryLost, grants, takenOver, kept, lost] = [0, 0, 0, 0, 0];
  for (let seed = from; seed < from + worlds; seed++) {
    const played = play(seed, shape);
    grants += played.grants;
    takenOver += played.takenOver;
    kept += played.kept;
    lost += played.lost;
    if (played.isMemoryLost) memoryLost++;
    if (!played.violation) continue;
    const { property } = played.violation;
    const known = found.get(property);
    if (known) known.count++;
    else found.set(property, { first: played, count: 1 });
  }
  return { worlds, memoryLost, grants, takenOver, kept, lost, found };
}

/** A line for each property that was violated, with the way to see one world again. */
export const linesOf = ({ found }: Summary, shape: Shape): string[] =>
  [...found.values()].map(({ first, count }) => {
    const { daemons, connections, areTold } = shape;
    const options = `--daemons ${daemons} --connections ${connections}${areTold ? '' : ' --untold'}`;
    const again = `node build/scripts/registry-schedules.js replay ${options} --seed ${first.seed}`;
    return `${count} times ${first.violation?.message ?? ''}\n  ${again}`;
  });
