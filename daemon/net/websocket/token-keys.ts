/**
 * The keys that tokens are verified with: secrets that the issuer shares with the daemon, or public keys of the issuer. Tokens
 * are JSON Web Tokens; jose verifies them, and is loaded when there are keys.
 */
import { Buffer } from 'node:buffer';
import { createPublicKey, type JsonWebKey, KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type * as Jose from 'jose';
import { ListenError } from '../tcp-address.js';
import { type Principal, principalFault } from './principal.js';

/** Seconds by which the clocks of issuer and daemon may differ. */
export const LEEWAY = 30;
const MIN_SECRET_BYTES = 32;
const MIN_RSA_BITS = 2_048;

type Algorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';

interface TokenKey {
  /** Name by which tokens call it; null for one that is tried with all tokens. */
  readonly kid: string | null;
  readonly algorithm: Algorithm;
  readonly key: KeyObject | Uint8Array;
}

export interface TokenKeyFiles {
  /** Secrets, one a line. */
  readonly secretFile: string | null;
  /** Public keys: a JSON Web Key Set, or PEM. */
  readonly keyFile: string | null;
  /** The `aud` that a token must have; null for any. */
  readonly audience: string | null;
}

/** Why a token is refused. */
export class TokenFault {
  constructor(
    /** For the log, and the answer. */
    readonly text: string,
    /** For the metric. */
    readonly reason: 'token' | 'expired' = 'token',
  ) {}
}

export class TokenKeys {
  private constructor(
    private readonly jose: typeof Jose,
    private readonly keys: readonly TokenKey[],
    private readonly audience: string | null,
  ) {}

  /**
   * @returns null without files
   * @throws ListenError that names the file at fault
   */
  static async load({ secretFile, keyFile, audience }: TokenKeyFiles): Promise<TokenKeys | null> {
    if (secretFile === null && keyFile === null) return null;
    const secrets = secretFile === null ? [] : readSecrets(await textOf(secretFile), secretFile);
    const keys = keyFile === null ? [] : readKeys(await textOf(keyFile), keyFile);
    return new TokenKeys(await import('jose'), [...secrets, ...keys], audience);
  }

  /** Whom the token names, or why it is refused; never throws, whatever the token is. @param now milliseconds since 1970 */
  async verify(token: string, now: number): Promise<Principal | TokenFault> {
    const { jose, audience } = this;
    const keys = this.keysFor(token);
    if (keys instanceof TokenFault) return keys;
    let fault: unknown = null;
    for (const { algorithm, key } of keys) {
      try {
        const { payload } = await jose.jwtVerify(token, key, {
          algorithms: algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [algorithm],
          clockTolerance: LEEWAY,
          currentDate: new Date(now),
          requiredClaims: ['exp', 'sub'],
          ...(audience === null ? {} : { audience }),
        });
        return principalOf(payload);
      } catch (error) {
        fault = error;
        // The signature is right, or cannot be: other keys make no difference.
        if (!(error instanceof jose.errors.JWSSignatureVerificationFailed)) break;
      }
    }
    return this.faultOf(fault);
  }

  /** Those that its header allows: never another kind of key than the algorithm is for. */
  private keysFor(token: string): readonly TokenKey[] | TokenFault {
    const header = this.headerOf(token);
    if (header === null) return new TokenFault('expected a JSON Web Token');
    const { alg, kid } = header;
    const algorithm = alg === 'Ed25519' ? 'EdDSA' : alg;
    const suitable = this.keys.filter((key) => key.algorithm === algorithm);
    const named = kid === undefined ? [] : suitable.filter((key) => key.kid === kid);
    if (named.length > 0) return named;
    const candidates = kid === undefined ? suitable : suitable.filter((key) => key.kid === null);
    if (candidates.length > 0) return candidates;
    return new TokenFault('the token names a key, or an algorithm, that is not known here');
  }

  private headerOf(token: string): { readonly alg?: string; readonly kid?: string } | null {
    try {
      return this.jose.decodeProtectedHeader(token);
    } catch {
      return null;
    }
  }

  private faultOf(error: unknown): TokenFault {
    const { errors } = this.jose;
    if (error instanceof errors.JWTExpired) return new TokenFault('the token has expired', 'expired');
    if (error instanceof errors.JWTClaimValidationFailed) {
      return new TokenFault(`the claim "${error.claim}" of the token is missing or not as expected`);
    }
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      return new TokenFault('the signature of the token is wrong');
    }
    return new TokenFault('the token is not valid');
  }
}

function principalOf(claims: Jose.JWTPayload): Principal | TokenFault {
  const { sub, roles, exp } = claims;
  const problem = principalFault({ sub, roles, exp });
  if (problem !== null) return new TokenFault(problem);
  const principal = { sub: sub as string, exp: exp as number, claims };
  return roles === undefined ? principal : { ...principal, roles: roles as readonly string[] };
}

const refuse = (file: string, problem: string): never => {
  throw new ListenError(`cannot open the WebSocket port: ${file}${problem}`);
};

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) =>
    refuse(file, ` cannot be read (${error.code})`),
  );

/** `kid base64url` or `base64url`, one a line; blank lines and lines that begin with `#` say nothing. */
function readSecrets(text: string, file: string): TokenKey[] {
  const keys = text.split(/\r?\n/).flatMap((line, i): TokenKey[] => {
    const words = line.trim().split(/\s+/);
    const [first = ''] = words;
    if (first === '' || first.startsWith('#')) return [];
    const secret = words.at(-1) as string;
    const place = `:${i + 1}: `;
    if (words.length > 2) refuse(file, `${place}expected "secret", or "kid secret"`);
    if (!/^[\w-]+={0,2}$/.test(secret)) refuse(file, `${place}expected a secret in base64url`);
    const key = Buffer.from(secret, 'base64url');
    if (key.length < MIN_SECRET_BYTES) {
      refuse(file, `${place}expected a secret of at least ${MIN_SECRET_BYTES} bytes, got ${key.length}`);
    }
    return [{ kid: words.length === 2 ? first : null, algorithm: 'HS256', key }];
  });
  return keys.length > 0 ? keys : refuse(file, ' contains no secret');
}

function readKeys(text: string, file: string): TokenKey[] {
  const keys = text.trimStart().startsWith('{') ? keysOfSet(text, file) : keysOfPem(text, file);
  return keys.length > 0 ? keys : refuse(file, ' contains no public key, neither PEM nor a JSON Web Key Set');
}

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

const keysOfPem = (text: string, file: string): TokenKey[] =>
  Array.from(text.matchAll(PEM_BLOCK), ([block, kind = '']) => {
    if (kind.includes('PRIVATE')) return refuse(file, ' contains a private key: expected public keys');
    return tokenKey(() => createPublicKey(block), null, file);
  });

/** Keys for something else than signatures are left out. */
function keysOfSet(text: string, file: string): TokenKey[] {
  let set: { readonly keys?: unknown };
  try {
    set = JSON.parse(text) as typeof set;
  } catch {
    return refuse(file, ' is neither PEM nor JSON');
  }
  if (!Array.isArray(set.keys)) return refuse(file, ' is not a JSON Web Key Set: expected { "keys": [...] }');
  return (set.keys as (JsonWebKey | null)[]).flatMap((jwk) => {
    if (typeof jwk !== 'object' || jwk === null) return refuse(file, ' contains a key that is no object');
    const { kty, kid, use = 'sig', d } = jwk;
    if (kty === 'oct') return refuse(file, ' contains a secret, which belongs into WebSocketSecretFile');
    if (d !== undefined) return refuse(file, ' contains a private key: expected public keys');
    const name = typeof kid === 'string' ? kid : null;
    return use === 'sig' ? tokenKey(() => createPublicKey({ key: jwk, format: 'jwk' }), name, file) : [];
  });
}

function tokenKey(read: () => KeyObject, kid: string | null, file: string): TokenKey {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    return refuse(file, ` contains a damaged key (${(error as Error).message})`);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa' && (details?.modulusLength ?? 0) < MIN_RSA_BITS) {
    return refuse(
      file,
      ` contains an RSA key of ${details?.modulusLength} bits: expected at least ${MIN_RSA_BITS}`,
    );
  }
  if (type === 'rsa') return { kid, algorithm: 'RS256', key };
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return { kid, algorithm: 'ES256', key };
  if (type === 'ed25519') return { kid, algorithm: 'EdDSA', key };
  return refuse(file, ` contains a key of the kind ${type}: expected RSA, P-256 or Ed25519`);
}
