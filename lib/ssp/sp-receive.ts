/**
 * SP_receive and SP_scat_receive: the plain Spread calls [session 8.2 to 8.5]. They always wait. A message
 * that does not fit stays, unless DROP_RECV asks for it to be cut.
 */
import { Buffer } from 'node:buffer';
import { type Content, contentOf, plainTransitionBody, plainViewBody } from '../mailbox/content.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import {
  BUFFER_TOO_SHORT,
  GROUPS_TOO_SHORT,
  ILLEGAL_MESSAGE,
  NET_ERROR_ON_SESSION,
  WOULD_BLOCK,
} from '../wire/codes.js';
import { MAX_CLIENT_SCATTER_ELEMENTS } from '../wire/limits.js';
import { DROP_RECV } from '../wire/service.js';
import { spLoss } from './mailbox-table.js';
import { type ReceiveBuffer, bufferOf, scatterBufferOf } from './receive-buffer.js';
import {
  type Call,
  type ReceiveOptions,
  type ReceiveResult,
  type ScatReceiveOptions,
  callOf,
  countOf,
  storeNames,
} from './receive-call.js';

/**
 * Receives the next message; waits for one whatever the flags say.
 *
 * @returns `ret` is the size of the body. Without DROP_RECV a message that does not fit stays: GROUPS_TOO_SHORT with
 * `num_groups` the negative number of names, else BUFFER_TOO_SHORT with `endian_mismatch` the negative size. With it
 * the message is cut and gone: BUFFER_TOO_SHORT when the body was cut, the size when only names were. With `ret` alone:
 * ILLEGAL_SESSION, CONNECTION_CLOSED once, then NET_ERROR_ON_SESSION, ILLEGAL_MESSAGE for a malformed message, which
 * is consumed, ILLEGAL_PARAM for sizes that are no integers or beyond the buffer. Never rejects.
 *
 * Membership bodies have the layout that `SP_get_memb_info` reads; `mess_type` of transitional messages and self-leaves
 * is -1.
 */
export const SP_receive = (mbox: number, options: ReceiveOptions): Promise<ReceiveResult> =>
  receive(mbox, options, bufferOf(options?.mess, options?.max_mess_len));

/** The same into a list of at most 100 buffers; ILLEGAL_MESSAGE for a malformed one, no message is taken. */
export const SP_scat_receive = (mbox: number, options: ScatReceiveOptions): Promise<ReceiveResult> =>
  receive(mbox, options, scatterBufferOf(options?.scat, MAX_CLIENT_SCATTER_ELEMENTS));

async function receive(
  mbox: number,
  options: ReceiveOptions | ScatReceiveOptions,
  room: ReceiveBuffer | number,
): Promise<ReceiveResult> {
  const call = callOf(mbox, options, room, -Infinity);
  if (typeof call === 'number') return { ret: call };
  return (await call.mailbox.answer(() => next(call), call.signal)) ?? { ret: WOULD_BLOCK };
}

function next(call: Call): ReceiveResult | undefined {
  const { mailbox, room, maxGroups } = call;
  // Once a call has told the loss, all others answer at once, whatever still waits [session 8.5].
  if (mailbox.lossTold) return { ret: NET_ERROR_ON_SESSION };
  const arrival = mailbox.peek();
  if (arrival === undefined) {
    const ret = spLoss(mailbox, call.mbox);
    return ret === 0 ? undefined : { ret };
  }
  const content = contentOf(arrival, mailbox.privateGroup);
  if (content === null) {
    mailbox.take();
    return { ret: ILLEGAL_MESSAGE };
  }
  const { messType, body } = formOf(arrival, content);
  const shortGroups = content.numGroups > maxGroups;
  const shortBody = body.length > room.bytes;
  if ((shortGroups || shortBody) && (call.flags & DROP_RECV) === 0) {
    mailbox.headerSeen = true;
    return refused(content, shortGroups, shortBody ? body.length : 0);
  }

  mailbox.take();
  room.fill(body);
  return {
    ret: shortBody ? BUFFER_TOO_SHORT : body.length,
    service_type: content.service,
    sender: content.sender,
    num_groups: countOf(content, maxGroups),
    groups: storeNames(call, arrival, content),
    // The C library looks for the own name among the stored ones only when all of them were [session 8.3].
    mess_type: content.kind === 'view' && shortGroups ? -1 : messType,
    endian_mismatch: content.endianMismatch,
  };
}

/** The message stays where it is [session 8.3]. */
function refused(content: Content, shortGroups: boolean, missing: number): ReceiveResult {
  return {
    ret: shortGroups ? GROUPS_TOO_SHORT : BUFFER_TOO_SHORT,
    service_type: content.service,
    sender: content.sender,
    num_groups: shortGroups ? 0 - content.numGroups : 0,
    groups: [],
    mess_type: content.kind === 'data' ? content.messType : 0,
    endian_mismatch: 0 - missing,
  };
}

const noBody = Buffer.alloc(0);

/** What the plain calls make of the kinds of messages [session 8.2]. */
function formOf(arrival: ReceivedMessage, content: Content): { messType: number; body: Buffer } {
  switch (content.kind) {
    case 'data':
      return content;
    case 'view':
      return { messType: content.view.index, body: plainViewBody(arrival) };
    case 'transition':
      return { messType: -1, body: plainTransitionBody(content.id) };
    default:
      return { messType: -1, body: noBody };
  }
}
