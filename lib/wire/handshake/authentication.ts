/** Authentication methods: the daemon's list and the client's choice [session 3.4, 3.5]. */
import { Buffer } from '#buffer';
import { IllegalParamError } from '../../errors.js';
import { MAX_AUTH_LIST, MAX_AUTH_METHODS, MAX_AUTH_NAME } from '../limits.js';
import { isByteText } from '../name.js';

/**
 * Those of the protocol, in the order of lists and of required methods [session 3.4, 3.5]. PWORD alone has a dialogue.
 */
export const METHODS = ['NULL', 'IP', 'PWORD'] as const;
/** A method of authentication: anybody, by address, or by user and password. */
export type Method = (typeof METHODS)[number];

export const CHOICE_BYTES = MAX_AUTH_METHODS * MAX_AUTH_NAME;

const listText = (methods: readonly string[]): string => methods.map((method) => `${method} `).join('');

/** Length of the text of a list, without its length byte. */
export const methodListBytes = (methods: readonly string[]): number => listText(methods).length;

/** Length byte and names, each followed by one blank. */
export function encodeMethodList(methods: readonly string[]): Buffer {
  const text = listText(methods);
  if (text.length > MAX_AUTH_LIST)
    throw new IllegalParamError(
      `expected a list of methods of at most ${MAX_AUTH_LIST} bytes, got ${text.length}`,
    );
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
}

/** The names in the text of a list, without its length byte. */
export const readMethodList = (text: string): string[] => text.split(' ').filter((word) => word !== '');

/** Three slots of 30 bytes, unused ones zero. */
export function encodeMethodChoice(methods: readonly string[]): Buffer {
  const choice = Buffer.alloc(CHOICE_BYTES);
  for (const [i, method] of methods.slice(0, MAX_AUTH_METHODS).entries()) {
    choice.write(method, i * MAX_AUTH_NAME, MAX_AUTH_NAME - 1, 'latin1');
  }
  return choice;
}

/** The chosen methods in slot order; the first empty slot ends the list, three slots are the most. */
export function readMethodChoice(choice: Buffer): string[] {
  const methods: string[] = [];
  for (let at = 0; at < CHOICE_BYTES; at += MAX_AUTH_NAME) {
    const slot = choice.toString('latin1', at, at + MAX_AUTH_NAME);
    const nul = slot.indexOf('\0');
    if (nul === 0) break;
    methods.push(nul < 0 ? slot : slot.slice(0, nul));
  }
  return methods;
}

/** The dialogue of the method PWORD, daemon's side: two fields, one byte in answer [session 3.6]. */
export const USER_BYTES = 32;
/** The protocol carries no more of a password. */
export const PASSWORD_BYTES = 8;
export const CREDENTIALS_BYTES = USER_BYTES + PASSWORD_BYTES;

/** What a client sends for the method PWORD. */
export interface Credentials {
  /** At most 32 bytes. */
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
  user: fieldText(bytes, 0, USER_BYTES),
  password: fieldText(bytes, USER_BYTES, CREDENTIALS_BYTES),
});

function fieldText(bytes: Buffer, from: number, to: number): string {
  const field = bytes.toString('latin1', from, to);
  const nul = field.indexOf('\0');
  return nul < 0 ? field : field.slice(0, nul);
}

// What a client can prove itself with. NULL and IP exchange no bytes; PWORD does [session 3.6].

/** One method that a client chooses, with what it sends and how it reads the one byte that comes back. */
export interface Authenticator {
  /** Name of the method, at most 30 bytes. */
  readonly method: string;
  /** Sent when the method's turn comes; null when the method exchanges nothing. */
  readonly credentials: Buffer | null;
}

/** The method NULL: no proof. */
export const nullAuthenticator: Authenticator = { method: 'NULL', credentials: null };
/** The method IP: the daemon looks at the address; no bytes are exchanged. */
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
