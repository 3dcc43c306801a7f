/**
 * What a daemon went through, as a number of 64 bits. Two daemons have the same one if they completed the same exchange
 * last and came into every daemon view since in one set: then their groups are the same, and so are the vs sets of
 * members that they bring along [daemon 2.7.2].
 */
import { Buffer } from 'node:buffer';

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

const FNV_BASIS = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a of 64 bits. */
function hash(parts: readonly (bigint | string)[]): bigint {
  let value = FNV_BASIS;
  for (const byte of Buffer.concat(parts.map(bytesOf))) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * FNV_PRIME);
  }
  return value;
}

function bytesOf(part: bigint | string): Buffer {
  if (typeof part === 'string') return Buffer.from(part, 'latin1');
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, part));
  return bytes;
}
