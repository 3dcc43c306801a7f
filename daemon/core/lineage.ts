/**
 * What a daemon went through, as a number of 64 bits. Two daemons have the same one if they completed the same exchange
 * last and came into every daemon view since in one set: then their groups are the same, and so are the vs sets of
 * members that they bring along [daemon 2.7.2].
 */
import { Buffer } from 'node:buffer';
import { fnv64 } from '../../lib/util/hash.js';

/** The past of a daemon that has just started. */
export const NO_LINEAGE = 0n;

/** The exchange of the daemon view is complete: all who completed it hold the same groups. */
export const afterExchange = (tag: bigint): bigint => hash(['done', tag]);

/**
 * A daemon view begins.
 * @param first name of the first daemon of the set this daemon came in; all of one set name the same one, and no two
 * sets do
 */
export const extend = (past: bigint, tag: bigint, first: string): bigint => hash([past, tag, first]);

const hash = (parts: readonly (bigint | string)[]): bigint => fnv64(Buffer.concat(parts.map(bytesOf)));

function bytesOf(part: bigint | string): Buffer {
  if (typeof part === 'string') return Buffer.from(part, 'latin1');
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, part));
  return bytes;
}
