/** Authentication methods: the daemon's list and the client's choice [session 3.4, 3.5]. */
import { Buffer } from 'node:buffer';
import { MAX_AUTH_LIST, MAX_AUTH_METHODS, MAX_AUTH_NAME } from '../limits.js';

/**
 * Those of the protocol, in the order of lists and of required methods [session 3.4, 3.5]. PWORD alone has a dialogue.
 */
export const METHODS = ['NULL', 'IP', 'PWORD'] as const;
export type Method = (typeof METHODS)[number];

export const CHOICE_BYTES = MAX_AUTH_METHODS * MAX_AUTH_NAME;

/** Length byte and names, each followed by one blank. */
export function encodeMethodList(methods: readonly string[]): Buffer {
  const text = methods.map((method) => `${method} `).join('');
  if (text.length > MAX_AUTH_LIST) throw new RangeError(`method list of ${text.length} bytes`);
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
