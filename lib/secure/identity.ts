/** Identities of members: Ed25519 keys, from and to PEM and JWK. */
import { Buffer } from 'node:buffer';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  KeyObject,
} from 'node:crypto';
import { IllegalParamError } from '../errors.js';
import { isSoundPoint, KEY_BYTES } from './core/limits.js';
import { publicBytes } from './node-provider.js';

/** An Ed25519 key pair. The private key stays in OpenSSL; node:crypto exports it. */
export interface Identity {
  /** What others are shown, and know it by. */
  readonly publicKey: KeyObject;
  /** Signs what it says. Whoever has it is that member. */
  readonly privateKey: KeyObject;
}

/** A public key in any form in which people have it: 32 bytes, their hexadecimal digits, PEM, JWK, a key object. */
export type PublicKeyInput = KeyObject | Uint8Array | string | JsonWebKey;

const HEX = /^[0-9a-f]{64}$/i;

/** A new identity. */
export function generateIdentity(): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey, privateKey };
}

/**
 * The identity of a private key: PKCS #8 in PEM, JWK, or a key object.
 * @throws IllegalParamError when it is no Ed25519 private key
 */
export function importIdentity(key: string | JsonWebKey | KeyObject): Identity {
  const privateKey = read('a private Ed25519 key', () => {
    if (key instanceof KeyObject) return key;
    return typeof key === 'string' ? createPrivateKey(key) : createPrivateKey({ key, format: 'jwk' });
  });
  if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519')
    throw new IllegalParamError(`expected a private Ed25519 key, got ${kindOf(privateKey)}`);
  const publicKey = createPublicKey(privateKey);
  requireSound(publicBytes(publicKey));
  return { publicKey, privateKey };
}

/**
 * The 32 bytes of a public key.
 * @throws IllegalParamError when it is no Ed25519 key, or a point under which anybody can sign
 */
export function importPublicKey(key: PublicKeyInput): Uint8Array {
  const bytes = rawKey(key);
  requireSound(bytes);
  return bytes;
}

/** A public key as people pass it on: 64 hexadecimal digits. */
export const publicKeyText = (key: PublicKeyInput): string =>
  Buffer.from(importPublicKey(key)).toString('hex');

function rawKey(key: PublicKeyInput): Uint8Array {
  if (key instanceof Uint8Array) return Uint8Array.from(key);
  if (typeof key === 'string' && HEX.test(key)) return Uint8Array.from(Buffer.from(key, 'hex'));
  const publicKey = read('an Ed25519 public key', () => {
    if (key instanceof KeyObject) return key;
    return typeof key === 'string' ? createPublicKey(key) : createPublicKey({ key, format: 'jwk' });
  });
  if (publicKey.asymmetricKeyType !== 'ed25519')
    throw new IllegalParamError(`expected an Ed25519 public key, got ${kindOf(publicKey)}`);
  return publicBytes(publicKey);
}

const kindOf = (key: KeyObject): string => `a ${key.type} key of type ${key.asymmetricKeyType ?? 'none'}`;

function read(what: string, make: () => KeyObject): KeyObject {
  try {
    return make();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new IllegalParamError(`expected ${what}, got what is none: ${text}`, { cause });
  }
}

function requireSound(bytes: Uint8Array): void {
  if (bytes.length !== KEY_BYTES)
    throw new IllegalParamError(`expected an Ed25519 public key of ${KEY_BYTES} bytes, got ${bytes.length}`);
  if (!isSoundPoint(bytes))
    throw new IllegalParamError('expected an Ed25519 public key, got a point that is none or of small order');
}
