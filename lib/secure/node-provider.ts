/** Suite 1 by node:crypto. */
import { Buffer } from 'node:buffer';
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { KEY_BYTES, TAG_BYTES } from './core/limits.js';
import type { Pair, Provider } from './core/provider.js';

const CIPHER = 'aes-256-gcm';
const TAG = { authTagLength: TAG_BYTES } as const;

/** A key stays an object of OpenSSL: its bytes never come here, and are cleared when it is freed. */
interface NodePair {
  readonly privateKey: KeyObject;
  readonly publicKey: Uint8Array;
}

const inside = (pair: Pair): NodePair => pair as unknown as NodePair;

/** A public key as node:crypto wants it, of its 32 bytes. As a JWK: reading DER takes ten times as long. */
function publicKeyObject(crv: 'X25519' | 'Ed25519', bytes: Uint8Array): KeyObject {
  const { buffer, byteOffset, length } = bytes;
  const x = Buffer.from(buffer, byteOffset, length).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv, x }, format: 'jwk' });
}

/** The 32 bytes of an X25519 or Ed25519 key, of the public or the private key object. */
export function publicBytes(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES));
}

/** The pair of a private key object. */
export const pairOf = (privateKey: KeyObject): Pair =>
  ({ privateKey, publicKey: publicBytes(privateKey) }) satisfies NodePair as unknown as Pair;

export const nodeProvider: Provider = {
  random: (length) => randomBytes(length),
  ephemeral: () => pairOf(generateKeyPairSync('x25519').privateKey),
  signer: () => pairOf(generateKeyPairSync('ed25519').privateKey),
  publicKey: (pair) => inside(pair).publicKey,

  dh(pair, publicKey) {
    try {
      return diffieHellman({
        privateKey: inside(pair).privateKey,
        publicKey: publicKeyObject('X25519', publicKey),
      });
    } catch {
      // The result of a point of low order is zero, and OpenSSL refuses to give it.
      return null;
    }
  },

  sign: (pair, bytes) => sign(null, bytes, inside(pair).privateKey),

  verify(publicKey, bytes, signature) {
    try {
      return verify(null, bytes, publicKeyObject('Ed25519', publicKey), signature);
    } catch {
      return false;
    }
  },

  hkdf: (ikm, salt, info, length) => new Uint8Array(hkdfSync('sha256', ikm, salt, info, length)),

  seal(key, nonce, aad, plain) {
    const cipher = createCipheriv(CIPHER, key, nonce, TAG).setAAD(aad);
    const text = cipher.update(plain);
    cipher.final();
    return Buffer.concat([text, cipher.getAuthTag()]);
  },

  open(key, nonce, aad, boxed) {
    if (boxed.length < TAG_BYTES) return null;
    const end = boxed.length - TAG_BYTES;
    const decipher = createDecipheriv(CIPHER, key, nonce, TAG).setAAD(aad);
    const plain = decipher.setAuthTag(boxed.subarray(end)).update(boxed.subarray(0, end));
    try {
      decipher.final();
      return plain;
    } catch {
      return null;
    }
  },

  hash: (bytes) => createHash('sha256').update(bytes).digest(),
  hmac: (key, bytes) => createHmac('sha256', key).update(bytes).digest(),
};
