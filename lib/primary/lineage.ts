/** Names for states: equal names, equal states at one place in the order. */
import { type GroupId, groupIdText } from '../wire/group-id.js';

/** 53 bits of a text (cyrb53). Against accidents, not against attackers. */
export function hashText(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 2 ** 32 * (0x1fffff & low) + (high >>> 0);
}

/** Of the first state that a round in this view begins with. */
export const firstLineage = (view: GroupId, round: number): number =>
  hashText(`begin ${groupIdText(view)} ${round}`);

/**
 * Of a state that came into a view after the network changed: what came after the transitional signal may differ between
 * members that did not come along together. @param side what those have in common who did, such as the first of them
 */
export const extendLineage = (lineage: number, view: GroupId, side: string): number =>
  hashText(`${lineage} ${groupIdText(view)} ${side}`);
