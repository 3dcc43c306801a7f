/**
 * Finds things by their name where it stands in a frame, without making a string of it: open addressing over the
 * bytes of the 32-byte name field up to its NUL.
 */
import type { Buffer } from 'node:buffer';
import { NAME_BYTES } from '../../lib/wire/limits.js';

export interface Named {
  /** Zero-padded 32-byte field. */
  readonly field: Buffer;
}

const FIRST_SIZE = 16;

export class NameTable<T extends Named> {
  private slots: (T | undefined)[] = new Array<T | undefined>(FIRST_SIZE).fill(undefined);
  private hashes = new Int32Array(FIRST_SIZE);
  private used = 0;
  /** What was found last: of the frames that follow one another, most name the same. */
  private last: T | undefined;

  /** @param key known to nobody who chooses names */
  constructor(private readonly key: HashKey) {}

  get size(): number {
    return this.used;
  }

  /** The thing whose name stands in the field at `at`; undefined also when that field has no NUL. */
  find(bytes: Uint8Array, at: number): T | undefined {
    const { last } = this;
    if (last !== undefined && isSame(bytes, at, last.field)) return last;
    const hash = hashName(bytes, at, this.key);
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.slots[slot];
      if (entry === undefined) return undefined;
      if (this.hashes[slot] === hash && isSame(bytes, at, entry.field)) return (this.last = entry);
    }
  }

  /** @pre no entry has the same name */
  add(entry: T): void {
    if ((this.used + 1) * 2 > this.slots.length) this.grow();
    this.place(entry, hashName(entry.field, 0, this.key));
    this.used++;
  }

  delete(entry: T): void {
    if (this.last === entry) this.last = undefined;
    const mask = this.slots.length - 1;
    let hole = hashName(entry.field, 0, this.key) & mask;
    while (this.slots[hole] !== entry) {
      if (this.slots[hole] === undefined) return;
      hole = (hole + 1) & mask;
    }
    this.slots[hole] = undefined;
    this.used--;
    // The entries behind the hole move up, unless their own place lies between the hole and them.
    for (let slot = (hole + 1) & mask; this.slots[slot] !== undefined; slot = (slot + 1) & mask) {
      const home = (this.hashes[slot] as number) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.slots[hole] = this.slots[slot];
      this.hashes[hole] = this.hashes[slot] as number;
      this.slots[slot] = undefined;
      hole = slot;
    }
  }

  *values(): IterableIterator<T> {
    for (const entry of this.slots) if (entry !== undefined) yield entry;
  }

  private place(entry: T, hash: number): void {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    while (this.slots[slot] !== undefined) slot = (slot + 1) & mask;
    this.slots[slot] = entry;
    this.hashes[slot] = hash;
  }

  private grow(): void {
    const { slots, hashes } = this;
    this.slots = new Array<T | undefined>(slots.length * 2).fill(undefined);
    this.hashes = new Int32Array(slots.length * 2);
    for (const [i, entry] of slots.entries()) {
      if (entry !== undefined) this.place(entry, hashes[i] as number);
    }
  }
}

/** Equal up to and including the NUL. A legal field ends in one, so a field without equals none. */
function isSame(bytes: Uint8Array, at: number, field: Uint8Array): boolean {
  for (let i = 0; i < NAME_BYTES; i++) {
    const byte = field[i];
    if (bytes[at + i] !== byte) return false;
    if (byte === 0) return true;
  }
  return false;
}

// HalfSipHash-1-3 (Aumasson and Bernstein) over the name in a 32-byte field. Clients choose names; with a key that nobody
// outside knows they cannot choose names that meet in a table.

/** 64 bits, as two signed words. */
export type HashKey = readonly [number, number];

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
