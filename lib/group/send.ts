/** What a send takes, checked by hand: this is the hot path. */
import { Buffer } from 'node:buffer';
import { SspError, errorOf } from '../errors.js';
import {
  ILLEGAL_GROUP,
  ILLEGAL_MESSAGE,
  ILLEGAL_MESSAGE_TYPE,
  ILLEGAL_PARAM,
  MESSAGE_TOO_LONG,
} from '../wire/codes.js';
import { isMessType } from '../wire/header.js';
import { MAX_GROUPS, MAX_REQUEST_BYTES, NAME_BYTES } from '../wire/limits.js';
import { isGroupName, isPrivateGroup, parsePrivateGroup } from '../wire/name.js';
import { SELF_DISCARD } from '../wire/service.js';
import { type Service, serviceBit } from './service.js';

/** Text travels as UTF-8. */
export type Body = string | Uint8Array;

export interface SendOptions {
  /** Default `agreed`. */
  readonly service?: Service | undefined;
  /** The sender's own number for the kind of message, -32768 to 32767; default 0. */
  readonly type?: number | undefined;
  /** The sender itself gets no copy; default false. */
  readonly selfDiscard?: boolean | undefined;
}

/** @throws IllegalServiceError */
export const serviceWord = ({ service = 'agreed', selfDiscard = false }: SendOptions): number =>
  serviceBit(service) | (selfDiscard ? SELF_DISCARD : 0);

/** @throws IllegalMessageError when it is neither text nor bytes */
export function bytesOfBody(body: Body): Uint8Array {
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  throw errorOf(ILLEGAL_MESSAGE, 'a body is a string or a Uint8Array');
}

/**
 * What would make the daemon drop the session, or would reach nobody, is refused here.
 * @throws IllegalGroupError, IllegalMessageTypeError, IllegalParamError, MessageTooLongError
 */
export function checkSend(groups: readonly string[], type: number, bytes: number): void {
  const error = refusal(groups, type, bytes);
  if (error) throw error;
}

function refusal(groups: readonly string[], type: number, bytes: number): SspError | null {
  if (!isMessType(type)) {
    return errorOf(ILLEGAL_MESSAGE_TYPE, String(type));
  }
  if (!Array.isArray(groups)) return errorOf(ILLEGAL_GROUP, String(groups));
  if (groups.length === 0 || groups.length > MAX_GROUPS) {
    return errorOf(ILLEGAL_PARAM, `${groups.length} groups, 1 to ${MAX_GROUPS} are possible`);
  }
  for (const group of groups) {
    if (!isDestination(group)) return errorOf(ILLEGAL_GROUP, String(group));
  }
  const size = bytes + NAME_BYTES * groups.length;
  if (size <= MAX_REQUEST_BYTES) return null;
  return errorOf(MESSAGE_TOO_LONG, `${size} bytes, ${MAX_REQUEST_BYTES} are possible`);
}

function isDestination(name: unknown): boolean {
  if (typeof name !== 'string') return false;
  return isPrivateGroup(name) ? parsePrivateGroup(name) !== null : isGroupName(name);
}
