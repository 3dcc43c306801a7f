/**
 * Data messages of a group, as all daemons of one past count them in the order: a list says the number, and a client that has lost
 * continuity knows how many it has missed. Where pasts differ counting begins again, as it does with each life of a group; the
 * upper 16 of 48 bits say where it began, so that numbers of two beginnings are far apart.
 */
import type { GroupId } from '../../lib/wire/group-id.js';

const COUNTED = 2 ** 32;
const MIX = 0x9e37_79b1;

const beginning = (words: readonly number[]): number => {
  let hash = 0;
  for (const word of words) hash = Math.imul(hash ^ word, MIX) ^ (hash >>> 15);
  return (hash >>> 16) * COUNTED;
};

/** The number of a group that has just been made. */
export const firstCountOf = (id: GroupId): number => beginning(id);

/** The number of all groups behind an exchange between daemons of several pasts. */
export const firstCountIn = (tag: bigint): number =>
  beginning([Number(tag >> 32n) | 0, Number(tag & 0xffff_ffffn) | 0]);
