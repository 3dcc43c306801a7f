/** What a client can prove itself with. NULL and IP exchange no bytes; PWORD does [session 3.6]. */
import { Buffer } from 'node:buffer';
import { IllegalParamError } from '../../errors.js';
import { CREDENTIALS_BYTES, PASSWORD_BYTES, passwordFault, USER_BYTES } from './credentials.js';

/** One method that a client chooses, with what it sends and how it reads the one byte that comes back. */
export interface Authenticator {
  readonly method: string;
  /** Sent when the method's turn comes; null when the method exchanges nothing. */
  readonly credentials: Buffer | null;
}

export const nullAuthenticator: Authenticator = { method: 'NULL', credentials: null };
export const ipAuthenticator: Authenticator = { method: 'IP', credentials: null };

/**
 * Name and password travel in clear, NUL padded, in fields of 32 and 8 bytes; longer ones are cut.
 * @throws IllegalParamError for a password that cannot travel as it is
 */
export function passwordAuthenticator(user: string, password: string): Authenticator {
  const fault = passwordFault(password);
  if (fault !== null) throw new IllegalParamError(fault);
  const credentials = Buffer.alloc(CREDENTIALS_BYTES);
  credentials.write(user, 0, USER_BYTES, 'latin1');
  credentials.write(password, USER_BYTES, PASSWORD_BYTES, 'latin1');
  return { method: 'PWORD', credentials };
}
