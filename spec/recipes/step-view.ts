/** Members and views for specs that go message by message. */
import type { RecipeView } from '../../lib/recipes/core/port.js';

export const [A, B, C] = ['#a#d1', '#b#d2', '#c#d3'] as const;

export const view = (
  members: readonly string[],
  { cause = 'join', along = members }: { cause?: RecipeView['cause']; along?: readonly string[] } = {},
): RecipeView => ({ id: [1, 2, 3], cause, members, cameWithMe: along });
