/**
 * Names: which bytes are legal, the private group form, and the fixed 32-byte field [session 2].
 * Names are bytes; as strings they are latin1, so that every byte survives the way there and back.
 */
import { Buffer } from '#buffer';
import { MAX_DAEMON_NAME, MAX_NAME_LENGTH, MAX_PRIVATE_NAME, NAME_BYTES } from './limits.js';

const HASH = '#';
const legal = /^[$-~]+$/;

/** Whether every character is one byte. Others would lose their upper part, and be another name. */
export function isByteText(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
}

const within = (name: string, max: number): boolean => name.length <= max && legal.test(name);

/** A group that can be joined: 1 to 31 characters from `$` to `~`. */
export const isGroupName = (name: string): boolean => within(name, MAX_NAME_LENGTH);

/** A session's own name: 1 to 10 characters from `$` to `~`. */
export const isPrivateName = (name: string): boolean => within(name, MAX_PRIVATE_NAME);

/** 1 to 19 characters from `$` to `~`. */
export const isDaemonName = (name: string): boolean => within(name, MAX_DAEMON_NAME);

/** Whether a name addresses one session (`#name#daemon`) and not a group. */
export const isPrivateGroup = (name: string): boolean => name.startsWith(HASH);

/** The private group of a session: `#name#daemon`. */
export const privateGroup = (name: string, daemon: string): string => `#${name}#${daemon}`;

/** The two halves of `#name#daemon`, or null when the group has not exactly that form. */
export function parsePrivateGroup(group: string): {
  /** Name of the connection at its daemon. */
  name: string;
  /** Name of the daemon. */
  daemon: string;
} | null {
  const second = group.indexOf(HASH, 1);
  if (!group.startsWith(HASH) || second < 0) return null;
  const name = group.slice(1, second);
  const daemon = group.slice(second + 1);
  return isPrivateName(name) && isDaemonName(daemon) ? { name, daemon } : null;
}

/** Length in bytes of the name in the field at `at`, or -1 when its 32 bytes hold no NUL: an illegal field. */
export function fieldLength(bytes: Uint8Array, at: number): number {
  for (let length = 0; length < NAME_BYTES; length++) if (bytes[at + length] === 0) return length;
  return -1;
}

/**
 * Names that were read last, each at a place that its bytes choose. Most messages come from few senders and go to few
 * groups, and to compare a name costs a fraction of what it costs to make a string.
 */
const known: string[] = new Array<string>(256).fill('');

function isName(bytes: Uint8Array, at: number, length: number, name: string): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== name.charCodeAt(i)) return false;
  return true;
}

/** The name in the field at `at`. What follows the first NUL is padding and may be anything. */
export function readName(bytes: Buffer, at: number): string {
  const found = fieldLength(bytes, at);
  const length = found < 0 ? MAX_NAME_LENGTH : found;
  if (length === 0) return '';
  const middle = bytes[at + (length >> 1)] as number;
  const place = (31 * (bytes[at + length - 1] as number) + 7 * middle + length) & (known.length - 1);
  const name = known[place] as string;
  if (isName(bytes, at, length, name)) return name;
  return (known[place] = bytes.toString('latin1', at, at + length));
}

/** Writes a zero-padded field. A longer name is cut to 31 bytes, as the C library cuts destinations [session 8.1]. */
export function writeName(bytes: Buffer, at: number, name: string): void {
  bytes.fill(0, at, at + NAME_BYTES);
  bytes.write(name, at, MAX_NAME_LENGTH, 'latin1');
}

/** A new zero-padded field. */
export function nameField(name: string): Buffer {
  const field = Buffer.allocUnsafe(NAME_BYTES);
  writeName(field, 0, name);
  return field;
}

/** Reads `count` consecutive fields. */
export function readNames(bytes: Buffer, at: number, count: number): string[] {
  const names: string[] = [];
  for (let i = 0; i < count; i++) names.push(readName(bytes, at + i * NAME_BYTES));
  return names;
}
