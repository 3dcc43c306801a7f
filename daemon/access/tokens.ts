/** Seals tokens with the key that the daemons share, and tells a token of theirs from any other bytes. */
import { Buffer } from 'node:buffer';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { FrameFault } from '../../lib/wire/fault.js';
import {
  MAC_BYTES,
  PRINCIPAL_BYTES,
  type Token,
  encodeToken,
  encodeTokenFields,
  readToken,
} from '../../lib/wire/extension/token.js';

const macOf = (fields: Buffer, key: Buffer): Buffer =>
  createHmac('sha256', key).update(fields).digest().subarray(0, MAC_BYTES);

/** Who a client has proved to be, as a token holds it. @param user empty without a proof */
export const principalHash = (user: string): Buffer =>
  createHash('sha256').update(user, 'latin1').digest().subarray(0, PRINCIPAL_BYTES);

/** The bytes of a token. @param key the one whose id the token has */
export function sealToken(token: Token, key: Buffer): Buffer {
  const fields = encodeTokenFields(token);
  return encodeToken(fields, macOf(fields, key));
}

/**
 * What a token says.
 * @param keyOf the key with this id; null when the daemons do not have it, or not any more
 * @returns null when none of these daemons made it
 */
export function openToken(bytes: Buffer, keyOf: (keyId: number) => Buffer | null): Token | null {
  try {
    const { token, sealed, mac } = readToken(bytes);
    const key = keyOf(token.keyId);
    return key && timingSafeEqual(mac, macOf(sealed, key)) ? token : null;
  } catch (error) {
    if (error instanceof FrameFault) return null;
    throw error;
  }
}
