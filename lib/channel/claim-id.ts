/**
 * Claim ids: 16 bytes that name one ownership of a name and no other, ever. They are the id of the view with which the
 * owner's connection came into the registry and a counter of its own. A daemon gives out no group id twice, and the
 * view with which somebody joins brings nobody else in, so no two owners have the same.
 *
 * Inside they are strings of 16 latin1 characters: keys of maps that compare as their bytes do.
 */
import { Buffer } from 'node:buffer';
import type { GroupId } from '../wire/group-id.js';

export const CLAIM_BYTES = 16;

export type ClaimId = string;

export function claimId(view: GroupId, counter: number): ClaimId {
  const bytes = Buffer.alloc(CLAIM_BYTES);
  for (const [i, word] of [...view, counter].entries()) bytes.writeUInt32BE(word >>> 0, 4 * i);
  return bytes.toString('latin1');
}

/** As people and the API see it: 32 hexadecimal digits. */
export const claimText = (claim: ClaimId): string => Buffer.from(claim, 'latin1').toString('hex');
