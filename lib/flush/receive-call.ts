/**
 * FL_receive and FL_scat_receive [flush-layer 3]. Buffers are judged by what is handed out: what travels at the end of a
 * message, and memberships of which only a flush request comes, want no room.
 */
import { Buffer } from 'node:buffer';
import {
  argumentsOf,
  type CallArguments,
  type Membership,
  now,
  type ReceiveOptions,
  type ReceiveResult,
  type ScatReceiveOptions,
} from '../ssp/receive-call.js';
import { bufferOf, type ReceiveBuffer, scatterBufferOf } from '../ssp/receive-buffer.js';
import type { Cause } from '../mailbox/view.js';
import {
  BUFFER_TOO_SHORT,
  GROUPS_TOO_SHORT,
  ILLEGAL_PARAM,
  ILLEGAL_SESSION,
  WOULD_BLOCK,
} from '../wire/codes.js';
import { endianMismatch } from '../wire/header.js';
import { encodeSspBody } from '../wire/membership.js';
import {
  CAUSED_BY_DISCONNECT,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  CAUSED_BY_NETWORK,
  DONT_BLOCK,
  DROP_RECV,
  FLUSH_REQ_MESS,
  REG_MEMB_MESS,
  SUBGROUP_CAST,
  TRANSITION_MESS,
} from '../wire/service.js';
import { forget, sessionAt } from './calls.js';
import { FL_MAX_SCATTER_ELEMENTS } from './core/limits.js';
import type { FlushView } from './core/port.js';
import type { FlushSession, Received } from './session.js';

/** What a receive call of this module answers. */
export interface FlReceiveResult extends ReceiveResult {
  /** Messages after this one that can be handed out without the network; with `ret` from 0 only. */
  more_messes?: number;
  /** Extension: for views, never cut. `names` are those of the body. */
  membership?: Membership;
}

/**
 * Takes the next message, waiting for one unless `service_type` has DONT_BLOCK. The layer answers other members when
 * their messages arrive, whether this is called or not.
 *
 * @returns `ret` is the size of the body. Without DROP_RECV a message that does not fit stays: GROUPS_TOO_SHORT if there
 * are more names than room, also when both do not fit, else BUFFER_TOO_SHORT; `num_groups` and `endian_mismatch` are the
 * sizes, negative, or 0; the buffers are not touched. With it the message is cut and gone. With `ret` alone: WOULD_BLOCK;
 * ILLEGAL_PARAM for sizes that are negative, no integers or beyond the buffer; CONNECTION_CLOSED once when the connection
 * broke, after all messages; ILLEGAL_SESSION. Never rejects.
 *
 * A flush request has the service FLUSH_REQ_MESS alone, the group as its sender, and nothing else. A view has the members
 * as its groups, the own index as its type, and a body of id (12 bytes), number of names (4) and names (32 each).
 */
export const FL_receive = (mbox: number, options: ReceiveOptions): Promise<FlReceiveResult> =>
  receive(mbox, options, bufferOfCall(options));

/** The same into a list of at most 99 buffers; ILLEGAL_MESSAGE for a malformed one, no message is taken. */
export const FL_scat_receive = (mbox: number, options: ScatReceiveOptions): Promise<FlReceiveResult> =>
  receive(mbox, options, scatterBufferOf(options?.scat, FL_MAX_SCATTER_ELEMENTS));

function bufferOfCall(options: ReceiveOptions): ReceiveBuffer | number {
  const room = bufferOf(options?.mess, options?.max_mess_len);
  return typeof room === 'number' || room.bytes >= 0 ? room : ILLEGAL_PARAM;
}

/** Messages that can be handed out without the network. @returns their number, or ILLEGAL_SESSION */
export const FL_more_msgs = (mbox: number): number => sessionAt(mbox)?.waiting ?? ILLEGAL_SESSION;

/**
 * Bytes that have come and were not handed out. More than 0 does not mean that a receive call would return: it may be
 * what the layer itself wants. A caller that polls in a loop must wait for something in it.
 * @returns their number, or ILLEGAL_SESSION
 */
export const FL_poll = (mbox: number): number => sessionAt(mbox)?.waitingBytes ?? ILLEGAL_SESSION;

async function receive(
  mbox: number,
  options: ReceiveOptions | ScatReceiveOptions,
  room: ReceiveBuffer | number,
): Promise<FlReceiveResult> {
  const call = argumentsOf(options, room, 0);
  if (typeof call === 'number') return { ret: call };
  const session = sessionAt(mbox);
  if (session === undefined) return { ret: ILLEGAL_SESSION };
  const attempt = (): FlReceiveResult | undefined => next(session, mbox, call);
  const answer =
    (call.flags & DONT_BLOCK) === 0
      ? await session.answer(attempt, call.signal)
      : await now(attempt, session.clock);
  return answer ?? { ret: WOULD_BLOCK };
}

/** Hands out one message; undefined when there is none and the connection is open. */
function next(session: FlushSession, mbox: number, call: CallArguments): FlReceiveResult | undefined {
  const event = session.peek();
  if (event === undefined) {
    const ret = session.loss();
    if (ret === 0) return undefined;
    forget(mbox);
    return { ret };
  }
  const form = formOf(event);
  const isShortOfGroups = form.groups.length > call.maxGroups;
  const isShortOfBytes = form.body.length > call.room.bytes;
  if ((isShortOfGroups || isShortOfBytes) && (call.flags & DROP_RECV) === 0) {
    return kept(form, isShortOfGroups, isShortOfBytes);
  }
  session.take();
  call.room.fill(form.body);
  const groups = namesOf(form, call.maxGroups);
  if (call.groups !== undefined) for (const [i, name] of groups.entries()) call.groups[i] = name;
  const ret = isShortOfGroups ? GROUPS_TOO_SHORT : isShortOfBytes ? BUFFER_TOO_SHORT : form.body.length;
  return {
    ret,
    service_type: form.service,
    sender: form.sender,
    num_groups: isShortOfGroups ? 0 - form.groups.length : form.groups.length,
    groups,
    mess_type: form.type,
    endian_mismatch: form.mismatch,
    ...(ret >= 0 && { more_messes: session.waiting }),
    ...(form.membership && { membership: form.membership }),
  };
}

/** The message stays where it is. */
function kept(form: Form, isShortOfGroups: boolean, isShortOfBytes: boolean): FlReceiveResult {
  return {
    ret: isShortOfGroups ? GROUPS_TOO_SHORT : BUFFER_TOO_SHORT,
    service_type: form.service,
    sender: form.sender,
    num_groups: isShortOfGroups ? 0 - form.groups.length : 0,
    groups: [],
    mess_type: form.type,
    endian_mismatch: isShortOfBytes ? 0 - form.body.length : 0,
  };
}

/** The names there is room for. A cut list of a message to some members still ends with the group. */
function namesOf({ service, groups }: Form, max: number): string[] {
  const names = groups.slice(0, max);
  const isCut = names.length < groups.length && names.length > 0;
  if (isCut && (service & SUBGROUP_CAST) !== 0) names[names.length - 1] = groups.at(-1) as string;
  return names;
}

/** What the receive calls make of a message. */
interface Form {
  readonly service: number;
  readonly sender: string;
  readonly groups: readonly string[];
  readonly type: number;
  readonly mismatch: number;
  readonly body: Buffer;
  readonly membership?: Membership;
}

const noBody = Buffer.alloc(0);

function formOf(event: Received): Form {
  switch (event.kind) {
    case 'data':
    case 'reject': {
      const { service, sender, groups, type, body, senderLittle } = event;
      return { service, sender, groups, type, body, mismatch: endianMismatch(senderLittle) };
    }
    case 'view':
      return formOfView(event);
    case 'flush-request':
      return formOfSignal(FLUSH_REQ_MESS, event.group, 0);
    case 'transition':
      return formOfSignal(TRANSITION_MESS, event.group, 0);
    case 'self-leave':
      return formOfSignal(CAUSED_BY_LEAVE, event.group, -1);
  }
}

const formOfSignal = (service: number, sender: string, type: number): Form => ({
  service,
  sender,
  groups: [],
  type,
  mismatch: 0,
  body: noBody,
});

const causes: Readonly<Record<Cause, number>> = {
  join: CAUSED_BY_JOIN,
  leave: CAUSED_BY_LEAVE,
  disconnect: CAUSED_BY_DISCONNECT,
  network: CAUSED_BY_NETWORK,
};

function formOfView({ group, id, cause, members, index, changed, cameWithMe }: FlushView): Form {
  const names = changed === null ? cameWithMe : [changed];
  return {
    service: REG_MEMB_MESS | causes[cause],
    sender: group,
    groups: members,
    type: index,
    mismatch: 0,
    body: encodeSspBody(id, names),
    membership: { group_id: id, names },
  };
}
