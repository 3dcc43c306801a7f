/**
 * The deadline of a request [channels 17.1]: the milliseconds that are left when it is sent, in an unsigned
 * word; 0 for none. What is left is counted from the arrival: clocks of two machines never meet.
 */
import type { Buffer } from 'node:buffer';
import { DEADLINE_AT } from './message.js';

/** Stands for itself and all above, and so for no limit that could be kept. */
const LONGEST = 0xffff_ffff;

/** Rounded up: a server never gives a request up before its client does. */
export const deadlineWord = (ms: number): number => Math.min(Math.max(1, Math.ceil(ms)), LONGEST);

/** Milliseconds, or null when there is no limit. */
export const timeLeft = (word: number): number | null => (word === 0 || word === LONGEST ? null : word);

/** Writes into an encoded request what is left now. */
export const stampDeadline = (request: Buffer, ms: number): void =>
  void request.writeUInt32BE(deadlineWord(ms), DEADLINE_AT);
