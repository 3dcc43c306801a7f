/**
 * Which messages of the recipes are for one member. All others have their place in the order of the group, and no other. The numbers
 * stand here, apart from the recipes: who has one recipe need not load the others.
 */
import type { Buffer } from '#buffer';
import { BodyReader, headOf } from './codec.js';

/** Of a call. */
export const ANSWER = 2;

/** Of replicated state. */
export const REPLICATED_KINDS = {
  command: 1,
  part: 2,
  state: 3,
  settle: 4,
  reopen: 5,
  vote: 6,
  arrived: 7,
  offer: 8,
  misfit: 9,
  pull: 10,
  chunk: 11,
  none: 12,
} as const;

const { offer, misfit, pull, chunk, none } = REPLICATED_KINDS;

const heads: ReadonlySet<number> = new Set([
  headOf('call', ANSWER),
  ...[offer, misfit, pull, chunk, none].map((kind) => headOf('replicated', kind)),
]);

export const isPrivateKind = (body: Buffer): boolean => heads.has(BodyReader.headOf(body));
