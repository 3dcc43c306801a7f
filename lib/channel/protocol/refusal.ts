/** The body of a refusal: a word, a zero byte, and a sentence. */
import { Buffer } from 'node:buffer';
import { type ChannelError, refusalError } from '../errors.js';
import type { Message } from './message.js';

export const refusalBody = (code: string, text: string): Buffer => Buffer.from(`${code}\0${text}`);

/** What it means to the one who called. */
export function refusalOf({ word, body }: Message): ChannelError {
  const end = body.indexOf(0);
  const code = body.toString('utf8', 0, end < 0 ? body.length : end);
  return refusalError(word, code, end < 0 ? '' : body.toString('utf8', end + 1));
}
