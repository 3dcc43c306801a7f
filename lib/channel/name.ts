/** Names of channels: checked the same way by who creates and by who opens [channels 15.1, D7]. */
import { Buffer } from 'node:buffer';
import { BadNameError } from './errors.js';
import { MAX_CHANNEL_NAME } from './limits.js';

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const illegal = /[\u0000-\u001f\u007f-\u009f#]/;

/** Whether it is one; text with half of a surrogate pair is not, since its bytes would be another name. */
export function isChannelName(name: unknown): name is string {
  if (typeof name !== 'string' || name === '' || illegal.test(name)) return false;
  const bytes = Buffer.from(name);
  return bytes.length <= MAX_CHANNEL_NAME && bytes.toString() === name;
}

/** @throws BadNameError */
export function checkName(name: unknown): asserts name is string {
  if (!isChannelName(name))
    throw new BadNameError(typeof name === 'string' ? JSON.stringify(name) : String(name));
}
