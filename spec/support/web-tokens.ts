/** Tokens made by hand, not by the library that the daemon checks them with. */
import { Buffer } from 'node:buffer';
import { createHmac, type KeyObject, sign } from 'node:crypto';

export const SECRET = Buffer.alloc(32, 's');

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Seconds since 1970, from now. */
export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

export const claims = (more: object = {}): object => ({ sub: 'anna', exp: inSeconds(3600), ...more });

/** Signed with a secret. */
export function secretToken(payload: object, header: object = {}, secret = SECRET): string {
  const signed = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** Signed with a private key. */
export function keyToken(
  payload: object,
  alg: 'RS256' | 'ES256' | 'EdDSA',
  key: KeyObject,
  kid?: string,
): string {
  const signed = `${part({ alg, ...(kid === undefined ? {} : { kid }) })}.${part(payload)}`;
  const hash = alg === 'EdDSA' ? null : 'sha256';
  const signature = sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** Signed by nobody. */
export const unsignedToken = (payload: object): string => `${part({ alg: 'none' })}.${part(payload)}.`;
