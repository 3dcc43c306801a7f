/** What makes a mailbox secure. Loads no cryptography. */
import { IllegalParamError } from '../errors.js';
import { type SecureMemberOptions, SecureOptionChecks } from '../secure/options.js';
import { ENCRYPTION_NOT_SUPPORTED, ILLEGAL_PARAM, KEY_AGR_NOT_SUPPORTED } from '../wire/codes.js';

/**
 * How all groups of a mailbox are secure. One of `authorize`, `allow` and `authority` is required: nobody is accepted by
 * default. Experimental: nobody outside the project has reviewed it.
 */
export interface SecureMailboxOptions extends SecureMemberOptions {
  /**
   * The algorithms: 1, the default and the only suite, is X25519, Ed25519, HKDF with SHA-256, AES-256-GCM. Another one is
   * ENCRYPTION_NOT_SUPPORTED.
   */
  readonly suite?: number | undefined;
  /** Who agrees on keys: `node`, the default and the only one, by node:crypto. Another one is KEY_AGR_NOT_SUPPORTED. */
  readonly provider?: string | undefined;
  /**
   * Messages without ENCRYPT_MESS are refused, and dropped where they arrive. `as-2.1` sends them, and hands them out without
   * that bit, as Secure Spread 2.1 did: anybody on the way reads and makes them. With the warning `SspSecureWarning`.
   */
  readonly clear?: 'as-2.1' | undefined;
}

const SUITE = 1;
const PROVIDER = 'node';
const checks: SecureOptionChecks = new SecureOptionChecks(['suite', 'provider', 'clear']);

/** @returns 0, or what `SSP_connect` answers */
export function secureFault(secure: SecureMailboxOptions): number {
  try {
    checks.options(secure);
  } catch (error) {
    if (error instanceof IllegalParamError) return ILLEGAL_PARAM;
    throw error;
  }
  const { suite = SUITE, provider = PROVIDER, clear } = secure;
  if (suite !== SUITE) return ENCRYPTION_NOT_SUPPORTED;
  if (provider !== PROVIDER) return KEY_AGR_NOT_SUPPORTED;
  return clear === undefined || clear === 'as-2.1' ? 0 : ILLEGAL_PARAM;
}
