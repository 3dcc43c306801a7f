/**
 * The cryptography of secure groups, behind a port: suite 1 is X25519, Ed25519, SHA-256, HKDF and AES-256-GCM. Everything
 * is synchronous, and random numbers come through it alone, so a seeded provider repeats a run [secure-groups 10.2].
 */

declare const pair: unique symbol;

/** A private key with its public key. Only the provider that made it looks inside. */
export interface Pair {
  readonly [pair]: true;
}

/** What suite 1 needs. Public keys have 32 bytes, signatures 64, tags 16. */
export interface Provider {
  /** Fresh random bytes. */
  random(length: number): Uint8Array;
  /** A fresh X25519 pair. */
  ephemeral(): Pair;
  /** A fresh Ed25519 pair. */
  signer(): Pair;
  publicKey(pair: Pair): Uint8Array;
  /** X25519; null where the other key is of low order. */
  dh(pair: Pair, publicKey: Uint8Array): Uint8Array | null;
  /** Ed25519. */
  sign(pair: Pair, bytes: Uint8Array): Uint8Array;
  /** Ed25519 as RFC 8032 says, without cofactor, S below L. The caller has checked the point. */
  verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean;
  /** HKDF with SHA-256. An empty salt is no salt. */
  hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** AES-256-GCM: ciphertext and tag. */
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array;
  /** What was sealed; null where the tag is wrong. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, boxed: Uint8Array): Uint8Array | null;
  /** SHA-256. */
  hash(bytes: Uint8Array): Uint8Array;
  /** HMAC with SHA-256. */
  hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array;
}

/** Fills key material with zeros when its time is over. Copies that the runtime made are out of reach. */
export function wipe(...secrets: readonly (Uint8Array | null | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0);
}

/** Whether the bytes are the same, in a time that depends on their length only. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}
