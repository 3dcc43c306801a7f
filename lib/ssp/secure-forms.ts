/** What the receive calls of a secure mailbox make of what a secure group hands out [secure-groups 8]. */
import { Buffer } from 'node:buffer';
import type { Cause } from '../mailbox/view.js';
import type { DecryptFailed, SecureData, SecureFrame, SecureViewEvent } from '../secure/core/port.js';
import { DECRYPT_FAILED, ILLEGAL_MESSAGE } from '../wire/codes.js';
import type { GroupId } from '../wire/group-id.js';
import { endianMismatch } from '../wire/header.js';
import { encodeSspBody } from '../wire/membership.js';
import {
  CAUSED_BY_DISCONNECT,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  CAUSED_BY_NETWORK,
  ENCRYPT_MESS,
  FLUSH_REQ_MESS,
  REG_MEMB_MESS,
  REGULAR_MESS,
  REJECT_MESS,
  SELF_DISCARD,
  SUBGROUP_CAST,
  TRANSITION_MESS,
} from '../wire/service.js';
import type { Refusal } from './flush-mailbox.js';
import type { Membership } from './receive-call.js';

/** One message as the receive calls hand it out. */
export interface Form {
  readonly kind: 'message';
  /** Instead of the size of the body: why there is none. */
  readonly error?: number;
  readonly service: number;
  readonly sender: string;
  readonly groups: readonly string[];
  readonly type: number;
  readonly mismatch: 0 | 1;
  readonly body: Buffer;
  readonly membership?: Membership;
  /** Called when the application gets it. */
  readonly seen?: () => void;
}

/** A malformed message of the daemon: the calls answer ILLEGAL_MESSAGE [receive R69]. */
export interface Malformed {
  readonly kind: 'malformed';
  readonly error: typeof ILLEGAL_MESSAGE;
}

export const MALFORMED: Malformed = { kind: 'malformed', error: ILLEGAL_MESSAGE };

/** What the sender has bound to a message. The bits that a daemon may add to it count for nothing. */
const DATA_BITS = REGULAR_MESS | SELF_DISCARD | SUBGROUP_CAST;
const noBody = Buffer.alloc(0);
const NO_NAMES: readonly string[] = [];

/** [receive R71]. */
export const dataForm = ({ sender, service, groups, type, body }: SecureData): Form => ({
  kind: 'message',
  service: (service & DATA_BITS) | ENCRYPT_MESS,
  sender,
  groups,
  type,
  mismatch: 0,
  body,
});

/** A message in clear. */
export const clearForm = (frame: SecureFrame): Form => ({
  kind: 'message',
  service: frame.service & DATA_BITS,
  sender: frame.sender,
  groups: frame.groups,
  type: frame.type,
  mismatch: endianMismatch(frame.senderLittle ?? true),
  body: Buffer.from(frame.body.buffer, frame.body.byteOffset, frame.body.byteLength),
});

/** [receive R72]. */
export const undecryptedForm = ({ sender, service }: DecryptFailed): Form => ({
  ...signalForm((service & DATA_BITS) | ENCRYPT_MESS, sender, 0),
  error: DECRYPT_FAILED,
});

/** Transitional signals and flush requests [receive R44, R70]. */
export const signalForm = (service: number, sender: string, type: number): Form => ({
  kind: 'message',
  service,
  sender,
  groups: NO_NAMES,
  type,
  mismatch: 0,
  body: noBody,
});

export const transitionForm = (group: string): Form => signalForm(TRANSITION_MESS, group, -1);

export const requestForm = (group: string, seen: () => void): Form => ({
  ...signalForm(FLUSH_REQ_MESS, group, 0),
  seen,
});

const membershipOf = (
  id: GroupId,
  names: readonly string[],
): { readonly body: Buffer; readonly membership: Membership } => ({
  body: encodeSspBody(id, names),
  membership: { group_id: id, names },
});

/** [receive R58]. @param id of the last view that was handed out */
export const selfLeaveForm = (group: string, id: GroupId, own: string): Form => ({
  ...signalForm(CAUSED_BY_LEAVE, group, 0),
  ...membershipOf(id, [own]),
});

const causes: Readonly<Record<Cause, number>> = {
  join: CAUSED_BY_JOIN,
  leave: CAUSED_BY_LEAVE,
  disconnect: CAUSED_BY_DISCONNECT,
  network: CAUSED_BY_NETWORK,
};

/** [receive R51 to R56]. */
export function viewForm(group: string, view: SecureViewEvent, seen: () => void): Form {
  const { gid, cause, members, index, changed } = view;
  const came = new Set(view.cameWithMe);
  const names = changed === null ? members.filter((name) => came.has(name)) : [changed];
  return {
    kind: 'message',
    service: REG_MEMB_MESS | causes[cause],
    sender: group,
    groups: members,
    type: index,
    mismatch: 0,
    ...membershipOf(gid, names),
    seen,
  };
}

/** A request that the daemon refused. What a secure group sends shows its place alone: nobody can read its body. */
export function refusalForm(
  { sender, service, groups, type, senderLittle, body }: Refusal,
  isOwn: boolean,
): Form {
  const form = signalForm(service | REJECT_MESS, sender, 0);
  return isOwn
    ? { ...form, groups }
    : { ...form, groups, type, mismatch: endianMismatch(senderLittle), body };
}
