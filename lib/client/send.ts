/** What a send takes, checked by hand: this is the hot path. */
import { Buffer } from '#buffer';
import { SspError, errorOf } from '../errors.js';
import { didYouMean } from '../util/option-errors.js';
import {
  ILLEGAL_GROUP,
  ILLEGAL_MESSAGE,
  ILLEGAL_MESSAGE_TYPE,
  ILLEGAL_PARAM,
  ILLEGAL_SERVICE,
  MESSAGE_TOO_LONG,
} from '../wire/codes.js';
import type { GroupId } from '../wire/group-id.js';
import { isMessType } from '../wire/header.js';
import { MAX_GROUPS, MAX_REQUEST_BYTES, NAME_BYTES } from '../wire/limits.js';
import { isGroupName, isPrivateGroup, parsePrivateGroup } from '../wire/name.js';
import {
  AGREED_MESS,
  CAUSAL_MESS,
  FIFO_MESS,
  REGULAR_MESS,
  RELIABLE_MESS,
  SAFE_MESS,
  SELF_DISCARD,
  UNRELIABLE_MESS,
} from '../wire/service.js';

/** Text travels as UTF-8. */
export type Body = string | Uint8Array;

/** The options of `Connection.send`, `Connection.sendTo` and `Group.send`; each has a default. */
export interface SendOptions {
  /** Default `agreed`. */
  readonly service?: Service | undefined;
  /** The sender's own number for the kind of message, -32768 to 32767; default 0. */
  readonly type?: number | undefined;
  /** The sender itself gets no copy; default false. */
  readonly selfDiscard?: boolean | undefined;
  /**
   * Wait until every daemon of the view has the message. Rejects with NotSupportedError at a daemon that cannot tell, such as
   * one of Spread, and on a connection without `resume`. Default false.
   */
  readonly confirm?: boolean | undefined;
  /**
   * Of a view-synchronous group: send in the view of this id or not at all; else the promise rejects with
   * ViewChangedError. Default: in the view that is there.
   */
  readonly view?: GroupId | undefined;
}

/** The options of `Group.sendToMembers`. */
export interface MembersSendOptions extends SendOptions {
  /** Whether a daemon of Spread 5.0.1 may be among the daemons, which serves 43 receivers; false allows 100. Default true. */
  readonly portable?: boolean | undefined;
}

/** @throws IllegalServiceError */
export const serviceWord = ({ service = 'agreed', selfDiscard = false }: SendOptions): number =>
  serviceBit(service) | (selfDiscard ? SELF_DISCARD : 0);

/** @throws IllegalMessageError when it is neither text nor bytes */
export function bytesOfBody(body: Body): Uint8Array {
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  throw errorOf(ILLEGAL_MESSAGE, 'body must be a string or a Uint8Array');
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
    return errorOf(ILLEGAL_PARAM, `expected 1 to ${MAX_GROUPS} groups, got ${groups.length}`);
  }
  for (const group of groups) {
    if (!isDestination(group)) return errorOf(ILLEGAL_GROUP, String(group));
  }
  const size = bytes + NAME_BYTES * groups.length;
  if (size <= MAX_REQUEST_BYTES) return null;
  return errorOf(MESSAGE_TOO_LONG, `message is ${size} bytes, limit is ${MAX_REQUEST_BYTES}`);
}

function isDestination(name: unknown): boolean {
  if (typeof name !== 'string') return false;
  return isPrivateGroup(name) ? parsePrivateGroup(name) !== null : isGroupName(name);
}

/** Messages that leave together share the answer of the connection, and so the promise that is made of it. */
export class SharedOutcome {
  private answer: Promise<number> | null = null;
  private outcome: Promise<void> = Promise.resolve();

  /** @returns rejects where the answer is the code of an error */
  of(answer: Promise<number>): Promise<void> {
    if (answer !== this.answer) {
      this.answer = answer;
      this.outcome = outcomeOf(answer);
    }
    return this.outcome;
  }
}

async function outcomeOf(answer: Promise<number>): Promise<void> {
  const code = await answer;
  if (code < 0) throw errorOf(code);
}

// The six services by name.

/**
 * What a sender asks for: `agreed` (one order at all receivers) for nearly everything; `safe` when a message may be
 * acted on only once every daemon has it.
 */
export type Service = 'unreliable' | 'reliable' | 'fifo' | 'causal' | 'agreed' | 'safe';

const bits: ReadonlyMap<Service, number> = new Map([
  ['unreliable', UNRELIABLE_MESS],
  ['reliable', RELIABLE_MESS],
  ['fifo', FIFO_MESS],
  ['causal', CAUSAL_MESS],
  ['agreed', AGREED_MESS],
  ['safe', SAFE_MESS],
]);

const names = new Map([...bits].map(([name, bit]) => [bit, name]));

/** All of them, the weakest promise first. */
export const SERVICES: readonly Service[] = [...bits.keys()];

/** @throws IllegalServiceError when it is none of the six */
export function serviceBit(service: Service): number {
  const bit = bits.get(service);
  if (bit === undefined) {
    const word = String(service);
    throw errorOf(ILLEGAL_SERVICE, `${JSON.stringify(word)}${didYouMean(word, SERVICES)}`);
  }
  return bit;
}

/** The service of a data message; `reliable` for a word that has none or several, which no daemon sends. */
export const serviceName = (word: number): Service => names.get(word & REGULAR_MESS) ?? 'reliable';
