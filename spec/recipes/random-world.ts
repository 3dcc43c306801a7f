/** Random lives of a group: members come, go, crash, freeze, are parted and found again; their clocks differ and jump. */
import type { RecipeCore } from '../../lib/recipes/core/port.js';
import { Random } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { type Member, RecipeWorld, someClock } from './recipe-world.js';

/**
 * How many a spec lives through. The simulator plays more, and slower, with real daemons; the mutation test has fewer,
 * since it lives through them again and again.
 */
export const WORLDS = Number(process.env['WORLDS'] ?? seeds(100, 300));

/** How often a member that comes back is given what it has missed, where its daemon has it. */
const WHOLE = 0.7;

export interface RandomWorld {
  /** Makes the core of a new member; null for one that takes no part. */
  make(member: Member): RecipeCore | null;
  /** A random deed of a member, such as a command. */
  act?(member: Member, random: Random, world: RecipeWorld): void;
  /** Processes that there may be at one time. */
  readonly most: number;
  readonly steps?: number;
  /** Whether silent members may be among them. */
  readonly silent?: boolean;
  /** Whether members only come at the begin. */
  readonly closed?: boolean;
  /** Where members only come at the begin: how many of them may crash. */
  readonly crashes?: number;
  /** Whether connections are lost and come back, maybe to other daemons. */
  readonly losses?: boolean;
  /** Whether this one may lose its connection, as things are. */
  mayLose?(member: Member, world: RecipeWorld): boolean;
  /** Whether this one may, as things are. */
  mayCrash?(member: Member, world: RecipeWorld): boolean;
}

const alive = (world: RecipeWorld): Member[] =>
  world.members.filter(({ isUp, core }) => isUp && core !== null);

/** @returns the world, whole again and at rest */
export function live(seed: number, adventure: RandomWorld): RecipeWorld {
  const random = new Random(seed);
  const world = new RecipeWorld(random);
  world.network.hasLeads = random.chance(0.5);
  world.saysReturned = adventure.losses !== true || random.chance(0.7);
  const { most, steps = 600 } = adventure;
  let { crashes = 0 } = adventure;
  const start = (): void => {
    const beside = world.members.length === 0 ? undefined : random.pick(world.members);
    const isSilent = adventure.silent === true && world.members.length > 0 && random.chance(0.15);
    world.start(
      `m${world.members.length}`,
      (member) => (isSilent ? null : adventure.make(member)),
      beside,
      undefined,
      someClock(random),
    );
  };
  for (let i = 0; i < (adventure.closed ? most : 2); i++) start();
  for (let i = 0; i < steps; i++) {
    const chance = random.next();
    if (chance < 0.02) part(world, random);
    else if (chance < 0.03) world.regroup([[...world.members]]);
    else if (chance < 0.045 && !adventure.closed && alive(world).length < most) start();
    else if (chance < 0.055 && !adventure.closed && alive(world).length > 1) {
      const gone = random.pick(alive(world));
      if (random.chance(0.7)) world.crash(gone);
      else world.leave(gone);
    } else if (chance < 0.055 && crashes > 0 && alive(world).length === most) {
      const gone = random.pick(alive(world));
      if (adventure.mayCrash?.(gone, world) === false) continue;
      crashes--;
      world.crash(gone);
    } else if (chance < 0.065) freeze(world, random);
    else if (chance < 0.1) world.pass(random.below(400));
    else if (chance < 0.4 && adventure.act && alive(world).length > 0)
      adventure.act(random.pick(alive(world)), random, world);
    if (adventure.losses) moveSome(world, random, adventure);
    if (random.chance(0.01)) random.pick(world.members).jump(someClock(random));
    for (let many = random.below(5); many > 0; many--) world.step();
  }
  for (const member of world.members) member.isFrozen = false;
  world.regroup([[...world.members]]);
  world.settle();
  for (const member of world.members) world.comeBack(member, member.daemon);
  world.settle();
  return world;
}

function moveSome(world: RecipeWorld, random: Random, adventure: RandomWorld): void {
  const mayLose = (member: Member): boolean => adventure.mayLose?.(member, world) !== false;
  const [member] = random.chance(0.03) ? [random.pick(world.members)] : [];
  if (member && mayLose(member)) {
    if (random.chance(0.4)) world.kill(member.daemon);
    else world.lose(member);
  }
  for (const each of world.members)
    if (!each.isConnected && random.chance(0.1))
      world.comeBack(each, random.pick(world.members).daemon, random.chance(WHOLE));
}

function part(world: RecipeWorld, random: Random): void {
  const sets: Member[][] = [[], [], []];
  for (const member of world.members) random.pick(sets.slice(0, random.chance(0.3) ? 3 : 2)).push(member);
  world.regroup(sets.filter((set) => set.length > 0));
}

function freeze(world: RecipeWorld, random: Random): void {
  const { members } = world;
  for (const member of members) member.isFrozen = false;
  if (random.chance(0.6)) random.pick(members).isFrozen = true;
}
