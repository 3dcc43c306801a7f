/** Bugs that a test by chance has to find: planted in the daemons of a cluster, and taken out again. */
import * as compact from '../simulation/bugs/compact.js';
import { groupBugs } from '../simulation/bugs/groups.js';
import { randomStory } from './random-story.js';

/** @returns what takes it out again */
type Plant = () => () => void;

/** Of the groups and the sessions of the simulator's bugs, by their names there. */
const ofGroups = [
  'no transitional signal',
  'a transitional signal for each cut of a cascade',
  'a transitional signal for groups that lose nobody',
  'requests are carried out between the cut and the view',
  'a join does not change the group id',
  'the counter of a group that is gone is forgotten',
  'members stand in the order of their joins',
  'a discarding sender gets its copy',
  'a message to several groups comes once for each',
  'safe messages go out as agreed ones',
  'a turn is ordered from its end',
  'an exchange does not wait for the last report',
  'the past does not change when a daemon view comes',
  'who lost members in a cancelled change is forgotten',
  'a disconnect forgets one of the groups',
  'a name is not free again',
  'a slow session misses a message',
  'what a slow session gets is written twice',
];

export const planted: Readonly<Record<string, Plant>> = {
  ...Object.fromEntries(
    ofGroups.map((name) => {
      const bug = groupBugs.find((each) => each.name === name);
      if (!bug) throw new Error(`there is no bug "${name}"`);
      return [name, () => bug.plant()];
    }),
  ),
  'a record of one who leaves has another place': compact.misplaceRecords,
  'one who joins gets the own join twice': compact.doubleOwnJoin,
  'a run of changes is not closed before data': compact.keepRunsOpen,
};

/** Seeds that fail with a bug, where those before them pass: see `huntFrom`. */
export const shownBy: Readonly<Record<string, number>> = {
  'a transitional signal for each cut of a cascade': 27,
  'the past does not change when a daemon view comes': 7,
  'a record of one who leaves has another place': 7,
  'requests are carried out between the cut and the view': 6,
};

/** @returns what the test says of the seed; null when it passes */
export async function outcome(seed: number, plant: Plant = () => () => undefined): Promise<string | null> {
  const remove = plant();
  try {
    await randomStory(seed);
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    remove();
  }
}

/** The first seed from there on that fails with the bug; null for none up to the limit. */
export async function hunt(plant: Plant, limit: number, from: number): Promise<number | null> {
  for (let seed = from; seed < from + limit; seed++) if ((await outcome(seed, plant)) !== null) return seed;
  return null;
}
