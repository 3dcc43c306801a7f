/** Looks for a planted bug in worlds of the kind that provokes it. */
import type { Profile } from './profiles.js';
import { ReturnsWorld } from './world.js';

export interface ReturnsBug {
  readonly name: string;
  /** A world that shows it. When worlds change it is another one, which `hunt` finds. */
  readonly seed: number;
  readonly profile: Profile;
  /** Plants it. @returns what takes it out */
  plant(): () => void;
}

const STEPS = 150;
/** Worlds that are played until one shows a bug, at most. */
export const MOST_WORLDS = 200;

/** The first violation that a bug gives rise to. */
export async function hunt(bug: ReturnsBug, most = MOST_WORLDS): Promise<string | null> {
  const { seed: first, profile } = bug;
  const remove = bug.plant();
  try {
    for (let seed = first; seed < first + most; seed++) {
      const [violation] = (await ReturnsWorld.run(seed, STEPS, profile)).violations;
      if (violation !== undefined) return `seed ${seed}: ${violation}`;
    }
    return null;
  } finally {
    remove();
  }
}
