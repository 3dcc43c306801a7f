/**
 * The hash of a list of members: for each name two hashes of 32 bits, added up. A change costs one addition; the order of
 * the names does not matter. It finds faults of ours, not malice.
 */

const BASIS_HIGH = 0x811c9dc5;
const BASIS_LOW = 0x050c5d1f;
const PRIME = 0x01000193;

/** 64 bits, as two signed words: these need no place of their own beside the object that has them. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** What one name adds. @param name a private group, one byte a character */
export function nameHash(name: string): Hash64 {
  let high = BASIS_HIGH;
  let low = BASIS_LOW;
  for (let i = 0; i < name.length; i++) {
    const byte = name.charCodeAt(i) & 0xff;
    high = Math.imul(high ^ byte, PRIME);
    low = Math.imul(low ^ byte, PRIME);
  }
  return { high: mix(high), low: mix(low) };
}

/** The finaliser of MurmurHash3: FNV-1a alone changes the upper bits too little. */
function mix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export class ListHash implements Hash64 {
  high = 0;
  low = 0;

  /** Both words as one number from 0. */
  get value(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }

  add(name: string | Hash64): void {
    const { high, low } = typeof name === 'string' ? nameHash(name) : name;
    this.high = (this.high + high) | 0;
    this.low = (this.low + low) | 0;
  }

  remove(name: string | Hash64): void {
    const { high, low } = typeof name === 'string' ? nameHash(name) : name;
    this.high = (this.high - high) | 0;
    this.low = (this.low - low) | 0;
  }

  clear(): void {
    this.high = 0;
    this.low = 0;
  }
}
