/** Names for states: equal names, equal states at one place in the order. */
import { hash53 } from '../util/hash.js';
import { type GroupId, groupIdText } from '../wire/group-id.js';

/** Of the first state that a round in this view begins with. */
export const firstLineage = (view: GroupId, round: number): number =>
  hash53(`begin ${groupIdText(view)} ${round}`);

/**
 * Of a state that came into a view after the network changed: what came after the transitional signal may differ between
 * members that did not come along together. @param side what those have in common who did, such as the first of them
 */
export const extendLineage = (lineage: number, view: GroupId, side: string): number =>
  hash53(`${lineage} ${groupIdText(view)} ${side}`);
