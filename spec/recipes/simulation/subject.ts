/** One recipe in the simulator: its cores at all members, what applications do with it, and what has to be true. */
import type { RecipeCore } from '../../../lib/recipes/core/port.js';
import type { Random } from '../../support/random.js';
import type { WorldMember } from '../world-member.js';

export interface Subject {
  /** Of its own. */
  readonly group: string;
  make(chair: WorldMember): RecipeCore;
  /** A deed of the application at this member. */
  act(chair: WorldMember, random: Random, now: number): void;
  /** Looks at everything after an input of any member. */
  look?(): void;
  /** Members that believe to be the only one that has or is something. */
  holders?(): readonly WorldMember[];
  /** Whether this member may be counted on when others end. */
  isSettled(chair: WorldMember): boolean;
  /**
   * What was wrong on the way, or is at the end, when everything is mended and at rest.
   * @param chairs members that are up
   */
  faults(chairs: readonly WorldMember[]): string[];
}

/** How a world is played. */
export interface Rules {
  /** Members that have to be together, or null: every component goes on. */
  readonly quorum: number | null;
  /** Whom elections prefer; default the first. */
  readonly prefer?: 'first' | 'oldest';
}
