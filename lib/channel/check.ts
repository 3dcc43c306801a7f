/** Arguments of the hot calls, checked by hand before any byte is sent [channels 19]. */
import { Buffer } from 'node:buffer';
import { OptionChecks } from '../util/option-checks.js';
import { IllegalParamError } from '../errors.js';
import { BadNameError, BodyTooLongError } from './errors.js';
import { MAX_CHANNEL_NAME } from './limits.js';

/** They throw IllegalParamError. */
export const check: OptionChecks = new OptionChecks((text) => new IllegalParamError(text));

const LOWEST = -(2 ** 31);
const HIGHEST = 2 ** 31 - 1;

/** A type or a status: a signed 32-bit number. @throws IllegalParamError */
export function checkNumber(value: unknown, what: string): asserts value is number {
  const isWord = typeof value === 'number' && Number.isInteger(value) && value >= LOWEST && value <= HIGHEST;
  if (!isWord)
    throw new IllegalParamError(
      `${what}: expected an integer from ${LOWEST} to ${HIGHEST}, got ${shown(value)}`,
    );
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null)
    return `a ${(value.constructor as { name: string } | undefined)?.name ?? 'object'}`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

const NOTHING = new Uint8Array(0);

/**
 * @param limit longest one
 * @throws IllegalParamError for what are no bytes, BodyTooLongError
 */
export function checkedBody(body: unknown, limit: number): Uint8Array {
  if (body === undefined) return NOTHING;
  if (!(body instanceof Uint8Array)) throw new IllegalParamError('body must be a Uint8Array');
  if (body.length > limit) throw new BodyTooLongError(`body is ${body.length} bytes, limit is ${limit}`);
  return body;
}

/** Time limit and signal, as nearly every call takes them. */
export interface WaitLimits {
  /** Milliseconds, at least 0; absent: no limit. 0: only what is there now. */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting; the call rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws IllegalParamError */
export function checkPatience({ timeoutMs, signal }: WaitLimits): void {
  check.time(timeoutMs, 'timeoutMs');
  check.signal(signal);
}

/** Names of channels: checked the same way by who creates and by who opens [channels 15.1, D7]. */
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
