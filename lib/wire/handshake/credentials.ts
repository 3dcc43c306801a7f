/** The dialogue of the method PWORD, daemon's side: two fields, one byte in answer [session 3.6]. */
import type { Buffer } from 'node:buffer';
import { isByteText } from '../name.js';

export const USER_BYTES = 32;
/** The protocol carries no more of a password. */
export const PASSWORD_BYTES = 8;
export const CREDENTIALS_BYTES = USER_BYTES + PASSWORD_BYTES;

export interface Credentials {
  readonly user: string;
  /** At most 8 bytes, in clear. */
  readonly password: string;
}

/** Why the protocol cannot carry a password as it is, in a sentence for whoever chose it; null when it can. */
export function passwordFault(password: string): string | null {
  if (password === '') return 'a password must not be empty';
  if (!isByteText(password)) {
    return 'a password can only have characters up to U+00FF (Latin-1): each is one byte on the wire';
  }
  return password.includes('\0') ? 'a password must not have a NUL: it ends the password on the wire' : null;
}

/** Reads both NUL-padded fields; a field may be full. */
export const readCredentials = (bytes: Buffer): Credentials => ({
  user: text(bytes, 0, USER_BYTES),
  password: text(bytes, USER_BYTES, CREDENTIALS_BYTES),
});

function text(bytes: Buffer, from: number, to: number): string {
  const field = bytes.toString('latin1', from, to);
  const nul = field.indexOf('\0');
  return nul < 0 ? field : field.slice(0, nul);
}
