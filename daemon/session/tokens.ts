/**
 * Tokens: what a client shows when it comes back, at any daemon of the cluster. They are sealed with a key that the daemons
 * share, so nothing has to be kept for them. What they say is read and written in lib/wire.
 */
import { Buffer } from 'node:buffer';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import {
  encodeToken,
  encodeTokenFields,
  MAC_BYTES,
  PRINCIPAL_BYTES,
  readToken,
  type Token,
} from '../../lib/wire/extension/token.js';
import { FrameFault } from '../../lib/wire/fault.js';
import type { ResumeKey } from '../core/resume-keys.js';

const NO_TOKEN = Buffer.alloc(0);

/** Whose session a token is for. */
export interface TokenOwner {
  readonly sid: bigint;
  /** Private name of the session at the daemon that seals the token. */
  readonly name: string;
  /** Whom the client has proved to be; empty for nobody. */
  readonly principal: string;
}

export class Tokens {
  /**
   * @param daemon name of this daemon
   * @param keys those that are known: the first one seals, all of them open
   */
  constructor(
    private readonly daemon: string,
    private readonly keys: () => readonly ResumeKey[],
  ) {}

  /** @param time seconds since 1970 @returns empty bytes before there is a key */
  seal({ sid, name, principal }: TokenOwner, time: number): Buffer {
    const [key] = this.keys();
    if (key === undefined) return NO_TOKEN;
    const fields = encodeTokenFields({
      keyId: key.id,
      sid,
      time,
      name,
      daemon: this.daemon,
      principal: hashOf(principal),
    });
    return encodeToken(fields, macOf(key, fields));
  }

  /** What the token says; null when it was not sealed by a daemon of the cluster, or for another principal. */
  open(bytes: Buffer, principal: string): Token | null {
    try {
      const { token, sealed, mac } = readToken(bytes);
      const key = this.keys().find(({ id }) => id === token.keyId);
      if (key === undefined || !timingSafeEqual(mac, macOf(key, sealed))) return null;
      return token.principal.equals(hashOf(principal)) ? token : null;
    } catch (error) {
      if (error instanceof FrameFault) return null;
      throw error;
    }
  }
}

/** The key of a file, which all daemons of the cluster have. */
export function keyOf(content: Buffer): ResumeKey {
  const key = createHash('sha256').update(content).digest();
  return { id: createHash('sha256').update(key).digest().readUInt32LE(0), key };
}

const hashOf = (principal: string): Buffer =>
  createHash('sha256').update(principal).digest().subarray(0, PRINCIPAL_BYTES);

const macOf = ({ key }: ResumeKey, sealed: Buffer): Buffer =>
  createHmac('sha256', key).update(sealed).digest().subarray(0, MAC_BYTES);
