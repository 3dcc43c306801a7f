/** All schedules of a kind, one after the other: every cut, and everything that can be different at it. */
import { type Choices, DepthFirst, Listed, partitions } from '../../support/group-network/choices.js';
import { Fault } from './history.js';
import { ScheduleWorld, type WorldOptions } from './schedule-world.js';

export interface SmallOptions extends WorldOptions {
  /** Cuts in each schedule. */
  readonly depth: number;
  /** What each member is at first: a member of one group that has settled, or of none. */
  readonly begin: 'calm' | 'together' | 'apart';
  /** Numbers of entries that may be ordered after a cut. */
  readonly steps: readonly number[];
  /** Whether daemons may be ahead of others at a cut. */
  readonly leads: boolean;
  /** Whether members may stand still over a cut. */
  readonly freezes: boolean;
  /** Whether one process may end at a place, and another one start there. */
  readonly restarts: boolean;
}

export const SMALL: SmallOptions = {
  of: 3,
  quorum: 2,
  ends: 'loose',
  depth: 1,
  begin: 'calm',
  steps: [0, 1, 2, 3, 4, 5, 6, 9, 99],
  leads: false,
  freezes: false,
  restarts: false,
};

function playSmall(options: SmallOptions, choices: Choices, tell?: (line: string) => void): void {
  const { depth, begin, steps } = options;
  const world = new ScheduleWorld(options, begin !== 'apart', tell);
  world.network.hasLeads = options.leads;
  const sets = partitions(world.daemons);
  for (const daemon of world.daemons) world.start(daemon);
  if (begin === 'calm') {
    world.settle();
    for (const daemon of world.daemons.slice(0, 1)) world.submit(daemon);
    world.settle();
  }
  let mayRestart = options.restarts;
  for (let count = 0; count < depth; count++) {
    if (mayRestart) mayRestart = !restart(world, choices);
    if (options.freezes) freeze(world, choices);
    const next = sets[choices.below(sets.length)] ?? [];
    for (const daemon of world.daemons) world.submit(daemon);
    world.regroup(next, choices);
    world.run(steps[choices.below(steps.length)]);
  }
  world.heal();
}

/** Perhaps one loses power, and is started again. @returns whether one did */
function restart(world: ScheduleWorld, choices: Choices): boolean {
  const daemon = world.daemons[choices.below(world.daemons.length + 1) - 1];
  if (!daemon || !world.mayEnd(daemon)) return false;
  world.losePower(daemon, choices);
  world.start(daemon);
  return true;
}

/** Perhaps one freezes for longer than the others wait for it; a frozen one moves again. */
function freeze(world: ScheduleWorld, choices: Choices): void {
  const stands = world.up.filter(({ isFrozen }) => isFrozen);
  if (stands.length > 0) {
    if (choices.below(2) === 0) return;
    if (choices.below(2) === 1) world.settle(1500);
    for (const client of stands) client.thaw();
    return;
  }
  world.up[choices.below(world.up.length + 1) - 1]?.freeze();
}

export interface Searched {
  readonly schedules: number;
  /** Whether these were all. */
  readonly isDone: boolean;
  readonly fault: { readonly path: readonly number[]; readonly text: string } | null;
}

/** Searches until a schedule breaks something. */
export function searchAll(options: SmallOptions, milliseconds = Infinity): Searched {
  const choices = new DepthFirst();
  const end = performance.now() + milliseconds;
  for (let schedules = 1; ; schedules++) {
    try {
      playSmall(options, choices);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const text = error instanceof Fault ? error.message : String(error.stack);
      return { schedules, isDone: false, fault: { path: choices.list, text } };
    }
    if (!choices.advance()) return { schedules, isDone: true, fault: null };
    if (performance.now() > end) return { schedules, isDone: false, fault: null };
  }
}

/** Plays one schedule that a search has found. */
export const playPath = (
  options: SmallOptions,
  path: readonly number[],
  tell: (line: string) => void,
): void => playSmall(options, new Listed(path), tell);
