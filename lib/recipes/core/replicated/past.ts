/** What a replica has been through, in one number: equal numbers, equal states at one place in the order. */
import { type GroupId, groupIdText } from '../../../wire/group-id.js';

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

/** Behind a view into which `first` and others came along. */
export const pastBehind = (past: number, view: GroupId, first: string): number =>
  hashText(`${past} ${groupIdText(view)} ${first}`);
