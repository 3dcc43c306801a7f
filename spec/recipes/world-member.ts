/** What the core of a recipe stands on in a test: a member's place in one group, in a world of either kind. */
import type { Sender } from '../../lib/recipes/core/port.js';

export interface WorldMember extends Sender {
  readonly id: string;
  readonly name: string;
  /** Number of the member, or of its daemon. */
  readonly index: number;
  /** Milliseconds since 1970 by its own clock. */
  now(): number;
}
