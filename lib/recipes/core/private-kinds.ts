/**
 * Which messages of the recipes are for one member. All others have their place in the order of the group, and no other. The numbers
 * stand here, apart from the recipes: who has one recipe need not load the others.
 */
import type { Buffer } from '#buffer';
import { BodyReader, KINDS, RECIPES } from './codec.js';

/** Of a call. */
export const ANSWER = 2;

/** Of presence: to a member that has come. */
export const INTRODUCTION = 2;

/** Of replicated state, with all kinds above it. */
export const OFFER = 8;

/** By the number of a recipe, the lowest kind of those for one member: all below are for the group. */
const lowest: Readonly<Record<number, number>> = {
  [RECIPES.call]: ANSWER,
  [RECIPES.members]: INTRODUCTION,
  [RECIPES.replicated]: OFFER,
};

export const isPrivateKind = (body: Buffer): boolean => {
  const head = BodyReader.headOf(body);
  return head % KINDS >= (lowest[Math.floor(head / KINDS)] ?? KINDS);
};
