/**
 * Small worlds with every choice: three settled members, one each daemon; another one joins, and at any entry of the order
 * the daemons part in some way, with everything that a cut leaves open. Then all is mended.
 */
import { SAFE_MESS } from '../../../lib/wire/service.js';
import { DepthFirst, partitions } from '../../support/group-network/choices.js';
import { Random } from '../../support/random.js';
import type { Violation } from '../checks/log.js';
import type { SimulatedMember } from './member.js';
import { type Daemon, FlushWorld, type WorldOptions } from './world.js';

const honest: WorldOptions = { cLibrary: 'none', hostile: 'none', canOvertake: false };

/** Where the cut is, and what comes before it. */
interface Scene {
  /** Entries of the order between the request of the newcomer and the cut. */
  readonly steps: number;
  /** Which of the ways to divide three daemons. */
  readonly partition: number;
  /** What another member does as the newcomer joins. */
  readonly also: 'nothing' | 'leave' | 'die' | 'join';
}

/** The change that the newcomer makes has been installed by then, and what follows it. */
const STEPS = 12;

/** All scenes in which the daemons part into that many parts. */
export const scenesOf = (parts: number): readonly Scene[] =>
  (['nothing', 'leave', 'die', 'join'] as const).flatMap((also) =>
    Array.from({ length: STEPS }, (_, steps) => steps + 1).flatMap((steps) =>
      partitions(['d0', 'd1', 'd2'])
        .map((sets, partition) => ({ steps, partition, also, parts: sets.length }))
        .filter((scene) => scene.parts === parts),
    ),
  );

/** Plays one scene with one list of choices. */
function playOne(
  { steps, partition, also }: Scene,
  hasLeads: boolean,
  choices: DepthFirst,
): readonly Violation[] {
  const world = new FlushWorld(honest, new Random(1), undefined, null);
  const { network } = world;
  const start = (place: number, name: string): SimulatedMember => {
    const member = world.start(network.daemons[place] as Daemon, name, 'at-once');
    member.isPrompt = true;
    return member;
  };
  const [, second] = [0, 1, 2].map((place) => start(place, `m${place}`)) as [
    SimulatedMember,
    SimulatedMember,
  ];
  while (network.step());
  for (const member of world.living) world.multicast(member, SAFE_MESS);
  start(0, 'n');
  if (also === 'leave') world.leave(second);
  if (also === 'die') world.die(second);
  if (also === 'join') start(1, 'o');
  for (let i = 0; i < steps; i++) {
    network.step();
    // What is sent while a change is agreed on goes out in the next view.
    if (i === 4) for (const member of world.living) world.multicast(member, SAFE_MESS);
  }
  network.hasLeads = hasLeads;
  world.regroup(partitions(network.daemons)[partition] ?? [], choices);
  return world.violations(world.settle());
}

/**
 * Plays a scene with every list of choices.
 * @param hasLeads whether a part may be ahead of the others at the cut
 * @returns what is wrong, and how many worlds that were
 */
export function playScene(
  scene: Scene,
  hasLeads: boolean,
): { readonly worlds: number; readonly faults: readonly string[] } {
  const choices = new DepthFirst();
  const faults: string[] = [];
  let worlds = 0;
  do {
    worlds++;
    for (const { property, text } of playOne(scene, hasLeads, choices))
      faults.push(`${JSON.stringify(scene)} [${choices.list.join()}]: ${property}: ${text}`);
  } while (faults.length === 0 && choices.advance());
  return { worlds, faults };
}
