/**
 * HalfSipHash-1-3 (Aumasson and Bernstein) over the name in a 32-byte field. Clients choose names; with a key that nobody
 * outside knows they cannot choose names that meet in a table.
 */
import { NAME_BYTES } from '../../lib/wire/limits.js';

/** 64 bits, as two signed words. */
export type HashKey = readonly [number, number];

/** For worlds that have to be the same each time. */
export const FIXED_KEY: HashKey = [0x0706_0504, 0x0f0e_0d0c];

/** Up to the NUL; of the whole field when it has none, which then equals no legal name. */
export function hashName(bytes: Uint8Array, at: number, [k0, k1]: HashKey): number {
  let v0 = k0;
  let v1 = k1;
  let v2 = 0x6c79_6765 ^ k0;
  let v3 = 0x7465_6462 ^ k1;
  let word = 0;
  let length = 0;
  // The rounds are written out: a call for each would cost more than they do.
  for (; length < NAME_BYTES; length++) {
    const byte = bytes[at + length] as number;
    if (byte === 0) break;
    word |= byte << ((length & 3) << 3);
    if ((length & 3) !== 3) continue;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
    word = 0;
  }
  word |= length << 24;
  v3 ^= word;
  for (let round = 0; round < 4; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    if (round === 0) {
      v0 ^= word;
      v2 ^= 0xff;
    }
  }
  return v1 ^ v3;
}
