/**
 * Cryptography of tokens, for worlds of secure groups: as fast as a hash, the same for the same seed, and it looks on. It
 * knows which member holds which secret, and throws where a key and nonce come twice with other bytes.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { label } from '../../lib/secure/core/context.js';
import type { Pair, Provider } from '../../lib/secure/core/provider.js';
import type { Random } from '../support/random.js';

interface Token {
  readonly secret: Buffer;
  readonly publicKey: Buffer;
}

const sha = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const tokenOf = (pair: Pair): Token => pair as unknown as Token;

const VIEW = label('view');
const ID = label('id');

/** What all providers of one world share. */
export class TokenWorld {
  /** Private keys by public ones. */
  private readonly pairs = new Map<string, Token>();
  /** What was sealed under a key and nonce. */
  private readonly sealed = new Map<string, string>();
  /** Members that have derived a view secret, by the secret. */
  readonly holders = new Map<string, Set<string>>();
  /** The view secret of each id. */
  readonly secrets = new Map<string, string>();
  /** Ids that were derived from two secrets. */
  readonly doubles: string[] = [];

  constructor(private readonly random: Random) {}

  /** A fresh pair, of an identity for example. */
  pair(): Pair {
    const secret = this.bytes(32);
    const publicKey = sha(secret, Buffer.of(1));
    const token: Token = { secret, publicKey };
    this.pairs.set(hexOf(publicKey), token);
    return token as unknown as Pair;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.random.below(256)));
  }

  /** Members that can read what is sent under an id. */
  holdersOf(id: string): ReadonlySet<string> {
    return this.holders.get(this.secrets.get(id) ?? '') ?? new Set();
  }

  /** The provider of one member. */
  provider(member: string): Provider {
    let last = '';
    return {
      random: (length) => this.bytes(length),
      ephemeral: () => this.pair(),
      signer: () => this.pair(),
      publicKey: (pair) => tokenOf(pair).publicKey,
      dh: (pair, publicKey) => {
        const other = this.pairs.get(hexOf(publicKey));
        if (!other) return null;
        return sha(...[tokenOf(pair).publicKey, other.publicKey].toSorted((a, b) => a.compare(b)));
      },
      sign: (pair, bytes) => signature(tokenOf(pair), bytes),
      verify: (publicKey, bytes, given) => {
        const token = this.pairs.get(hexOf(publicKey));
        return token !== undefined && signature(token, bytes).equals(given);
      },
      hkdf: (ikm, salt, info, length) => {
        const key = sha(ikm, salt, info).subarray(0, length);
        if (VIEW.equals(info)) last = this.hold(member, key);
        return Uint8Array.from(key);
      },
      seal: (key, nonce, aad, plain) => this.seal(key, nonce, aad, plain),
      open: (key, nonce, aad, boxed) => {
        const plain = crypt(key, nonce, boxed.subarray(0, boxed.length - 16));
        return tag(key, nonce, aad, plain).equals(boxed.subarray(boxed.length - 16)) ? plain : null;
      },
      hash: (bytes) => {
        const hash = sha(bytes);
        if (ID.equals(bytes.subarray(0, ID.length))) this.name(hexOf(hash), last);
        return hash;
      },
      hmac: (key, bytes) => sha(key, bytes, Buffer.of(2)),
    };
  }

  /** As `seal` of a provider, for those who break its rules. */
  forge(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Buffer {
    return Buffer.concat([crypt(key, nonce, plain), tag(key, nonce, aad, plain)]);
  }

  private hold(member: string, secret: Uint8Array): string {
    const hex = hexOf(secret);
    let holders = this.holders.get(hex);
    if (!holders) this.holders.set(hex, (holders = new Set()));
    holders.add(member);
    return hex;
  }

  private name(id: string, secret: string): void {
    const known = this.secrets.get(id);
    if (known === undefined) this.secrets.set(id, secret);
    else if (known !== secret) this.doubles.push(id);
  }

  private seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Buffer {
    const boxed = this.forge(key, nonce, aad, plain);
    const use = hexOf(key) + hexOf(nonce);
    const text = hexOf(sha(boxed));
    const before = this.sealed.get(use);
    if (before !== undefined && before !== text)
      throw new Error('a key and nonce came twice with other bytes');
    this.sealed.set(use, text);
    return boxed;
  }
}

const signature = (token: Token, bytes: Uint8Array): Buffer => {
  const half = sha(token.secret, bytes);
  return Buffer.concat([half, half]);
};

/** Not readable without the key, and the same back and forth. */
function crypt(key: Uint8Array, nonce: Uint8Array, text: Uint8Array): Buffer {
  const stream = sha(key, nonce);
  const out = Buffer.allocUnsafe(text.length);
  for (let i = 0; i < text.length; i++) out[i] = (text[i] as number) ^ (stream[i % 32] as number);
  return out;
}

const tag = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Buffer =>
  sha(key, nonce, aad, plain, Buffer.of(3)).subarray(0, 16);
