/**
 * Fingerprints, the same in every release and on every machine: daemons and members compare them. They help against
 * accidents, not against attackers: where clients choose what is hashed, use a hash with a secret key.
 */
const BASIS_32 = 0x811c9dc5;
const PRIME_32 = 0x01000193;
const BASIS_64 = 0xcbf29ce484222325n;
/** The prime of 64 bits is 2^40 and this. */
const PRIME_64_LOW = 0x1b3;

/** FNV-1a of 32 bits, unsigned. @param basis the hash of the bytes before these */
export function fnv32(bytes: ArrayLike<number>, basis = BASIS_32): number {
  let hash = basis;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), PRIME_32);
  return hash >>> 0;
}

/** FNV-1a of 64 bits, unsigned. @param basis the hash of the bytes before these */
export function fnv64(bytes: ArrayLike<number>, basis = BASIS_64): bigint {
  let high = Number(basis >> 32n);
  let low = Number(basis & 0xffff_ffffn);
  for (let i = 0; i < bytes.length; i++) {
    low = (low ^ (bytes[i] as number)) >>> 0;
    const product = low * PRIME_64_LOW;
    high = Math.imul(high, PRIME_64_LOW) + (low << 8) + Math.floor(product / 2 ** 32);
    low = product % 2 ** 32;
  }
  return (BigInt(high >>> 0) << 32n) | BigInt(low);
}

/** Sixteen hexadecimal digits: FNV-1a of 32 bits and a second lane beside it, without big integers. */
export function hexHash(bytes: Uint8Array): string {
  let second = 0x9e3779b9;
  for (const byte of bytes) second = Math.imul(second ^ (byte + 1), PRIME_32) ^ (second >>> 15);
  return [fnv32(bytes), second].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
}

/** 53 bits of a text, a safe integer (cyrb53). */
export function hash53(text: string): number {
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

/** What one member delivered in one view: two members with equal histories delivered the same [corosync 5.2.5]. */
export class History {
  /** DATA messages. */
  count = 0;
  private a: number;
  private b: number;

  /** @param from hash of the steps before these */
  constructor(from = 0n) {
    this.a = Number(BigInt.asIntN(32, from >> 32n));
    this.b = Number(BigInt.asIntN(32, from));
  }

  /** The next message: kind, position of its sender in the view, and its number there. */
  add(kind: number, sender: number, number: number): void {
    const value = Math.imul(sender * 4 + kind + 1, 0x9e3779b1) ^ (number | 0) ^ Math.floor(number / 2 ** 32);
    this.a = Math.imul(this.a ^ value, 0x85ebca6b);
    this.a ^= this.a >>> 13;
    this.b = Math.imul((this.b + this.a) ^ value, 0xc2b2ae35);
    this.b ^= this.b >>> 16;
  }

  /** The upper half, signed. */
  get high(): number {
    return this.a;
  }

  /** The lower half, signed. */
  get low(): number {
    return this.b;
  }

  get hash(): bigint {
    return (BigInt(this.a >>> 0) << 32n) | BigInt(this.b >>> 0);
  }
}
