/** SSP_receive and SSP_scat_receive: [receive 3]. Too long a body is cut, the message is gone either way. */
import { Buffer } from 'node:buffer';
import { BUFFER_TOO_SHORT, ILLEGAL_MESSAGE, ILLEGAL_PARAM, WOULD_BLOCK } from '../wire/codes.js';
import type { GroupId } from '../wire/group-id.js';
import { MAX_SSP_SCATTER_ELEMENTS } from '../wire/limits.js';
import { encodeSspBody } from '../wire/membership.js';
import { DONT_BLOCK, DROP_RECV } from '../wire/service.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import { type Content, contentOf } from '../mailbox/content.js';
import { sspLoss } from './mailbox-table.js';
import {
  argumentsOf,
  type Call,
  countOf,
  type Membership,
  now,
  onMailbox,
  type ReceiveOptions,
  type ScatReceiveOptions,
  SP_poll,
  type SspReceiveResult,
  storeNames,
} from './receive-call.js';
import { bufferOf, type ReceiveBuffer, scatterBufferOf } from './receive-buffer.js';
import { secureAt } from './secure-table.js';

/**
 * Takes the next message of the mailbox, waiting for one unless `service_type` has DONT_BLOCK.
 *
 * @returns `ret` is the size of the body; BUFFER_TOO_SHORT when it was cut, with all fields set; WOULD_BLOCK with
 * `more_messes` 0 alone. With `ret` alone: ILLEGAL_PARAM for sizes that are negative, no integers or beyond the buffer;
 * ILLEGAL_SESSION; CONNECTION_CLOSED once when the connection broke, after all messages. ILLEGAL_MESSAGE with
 * `more_messes` for a malformed message, which is consumed. Never rejects.
 *
 * Messages: data has the sender's `mess_type`; a regular membership message the receiver's index among the members and
 * a body of group id (12 bytes), number of names (4) and names (32 each), little-endian; a transitional one has
 * `mess_type` -1 and no body; a self-leave has 0 and the body of one name, the receiver's.
 *
 * On a secure mailbox: data that was encrypted has ENCRYPT_MESS in `service_type`; a view comes when it has its key, with the
 * members that have it; a flush request has FLUSH_REQ_MESS alone, the group as its sender, and nothing else; DECRYPT_FAILED is
 * a message that is not what its sender encrypted, with `service_type` and `sender` and no groups and body.
 */
export const SSP_receive = (mbox: number, options: ReceiveOptions): Promise<SspReceiveResult> =>
  receive(mbox, options, plainSspRoom(options));

/**
 * The same into a list of at most 99 buffers, filled in order.
 * @returns as `SSP_receive`; ILLEGAL_MESSAGE with `ret` alone for a malformed scatter, no message is taken
 * [receive R41]
 */
export const SSP_scat_receive = (mbox: number, options: ScatReceiveOptions): Promise<SspReceiveResult> =>
  receive(mbox, options, scatterBufferOf(options?.scat, MAX_SSP_SCATTER_ELEMENTS));

function plainSspRoom(options: ReceiveOptions): ReceiveBuffer | number {
  const room = bufferOf(options?.mess, options?.max_mess_len);
  return typeof room === 'number' || room.bytes >= 0 ? room : ILLEGAL_PARAM;
}

async function receive(
  mbox: number,
  options: ReceiveOptions | ScatReceiveOptions,
  room: ReceiveBuffer | number,
): Promise<SspReceiveResult> {
  const given = argumentsOf(options, room, 0);
  if (typeof given === 'number') return { ret: given };
  const secure = secureAt(mbox);
  if (secure !== undefined) return await secure.receive(given);
  const call = onMailbox(mbox, given);
  if (typeof call === 'number') return { ret: call };
  const attempt = (): SspReceiveResult | undefined => next(call);
  const answer =
    (call.flags & DONT_BLOCK) === 0
      ? await call.mailbox.answer(attempt, call.signal)
      : await now(attempt, call.mailbox.platform.clock);
  return answer ?? { ret: WOULD_BLOCK, more_messes: 0 };
}

/** Takes one message; undefined when there is none and the connection is open. */
function next(call: Call): SspReceiveResult | undefined {
  const { mailbox } = call;
  const arrival = mailbox.take();
  if (arrival === undefined) {
    const ret = sspLoss(mailbox, call.mbox);
    return ret === 0 ? undefined : { ret };
  }
  const content = contentOf(arrival, mailbox.privateGroup);
  if (content === null) return { ret: ILLEGAL_MESSAGE, more_messes: mailbox.waiting };
  return filled(call, arrival, content);
}

function filled(call: Call, arrival: ReceivedMessage, content: Content): SspReceiveResult {
  const { messType, body, membership } = formOf(content, call.mailbox.privateGroup);
  call.room.fill(body);
  return {
    ret: body.length > call.room.bytes ? BUFFER_TOO_SHORT : body.length,
    // A sender may have set the bits that are flags of this call [receive R8].
    service_type: content.service & ~(DONT_BLOCK | DROP_RECV),
    sender: content.sender,
    num_groups: countOf(content, call.maxGroups),
    groups: storeNames(call, arrival, content),
    mess_type: messType,
    endian_mismatch: content.endianMismatch,
    more_messes: call.mailbox.waiting,
    full_length: body.length,
    ...(membership && { membership }),
  };
}

const noBody = Buffer.alloc(0);

/** What SSP makes of the kinds of messages [receive R44, R53 to R56, R58]. */
function formOf(content: Content, own: string): { messType: number; body: Buffer; membership?: Membership } {
  switch (content.kind) {
    case 'data':
      return content;
    case 'transition':
      return { messType: -1, body: noBody };
    case 'view':
      return membershipForm(content.view.index, content.view.id, content.view.names);
    default:
      return membershipForm(0, content.id, [own]);
  }
}

const membershipForm = (messType: number, id: GroupId, names: readonly string[]) => ({
  messType,
  body: encodeSspBody(id, names),
  membership: { group_id: id, names },
});

/**
 * As `SP_poll`. On a secure mailbox, what its groups want for themselves may be among the bytes.
 * @returns 0 when there is none, also after the connection broke; ILLEGAL_SESSION
 */
export const SSP_poll = (mbox: number): number => secureAt(mbox)?.waitingBytes ?? SP_poll(mbox);
