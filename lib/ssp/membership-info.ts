/**
 * Reading the body of a membership message as `SP_receive` gives it [session 6.6]. The buffer may be longer
 * than the body. SSP's bodies have another layout; `SSP_receive` gives them parsed.
 */
import { Buffer } from 'node:buffer';
import { BUFFER_TOO_SHORT, ILLEGAL_MESSAGE, ILLEGAL_PARAM } from '../wire/codes.js';
import { FrameFault } from '../wire/fault.js';
import { equalGroupIds, GROUP_ID_BYTES, type GroupId, readGroupId } from '../wire/group-id.js';
import { MAX_CLIENT_SCATTER_ELEMENTS, NAME_BYTES } from '../wire/limits.js';
import { type MembershipBody, readMembershipBody, readVsSet } from '../wire/membership.js';
import { readNames } from '../wire/name.js';
import { CAUSED_BY_NETWORK, isMembership, isRegularMembership } from '../wire/service.js';
import { type Scatter, scatterPieces } from './receive-buffer.js';

/** Members who came together from one view to the next. */
export interface VsSetInfo {
  /** Number of names in the set. */
  num_members: number;
  /** Offset of the first name from the start of the body. */
  members_offset: number;
}

/** What the body of a membership message says. */
export interface MembInfo {
  /** Id of the view. */
  gid: GroupId;
  /** The one who joined, left or disconnected; empty for network changes, transitional messages and self-leaves. */
  changed_member: string;
  /** Number of sets; 0 for transitional messages and self-leaves. */
  num_vs_sets: number;
  /** The receiver's own set; for join, leave and disconnect the set of the one who changed. */
  my_vs_set: VsSetInfo;
}

const NO_SET: VsSetInfo = { num_members: 0, members_offset: 0 };
/** Of a caller that gave no set. */
const NO_MEMBERS: VsSetInfo = { num_members: -1, members_offset: 0 };

/** Whether two group ids are the same. */
export const SP_equal_group_ids: (a: GroupId, b: GroupId) => boolean = equalGroupIds;

/**
 * @param service_type what the receive call told
 * @returns `ret` 1 with `memb_info`, or ILLEGAL_MESSAGE for a message that is no membership message or malformed. A
 * self-leave has no body; its id is zero.
 */
export function SP_get_memb_info(
  memb_mess: Uint8Array,
  service_type: number,
): {
  /** 1, or ILLEGAL_MESSAGE. */
  ret: number;
  /** With `ret` 1 only. */
  memb_info?: MembInfo;
} {
  if (typeof service_type !== 'number' || !isMembership(service_type)) return { ret: ILLEGAL_MESSAGE };
  const bytes = asBuffer(memb_mess);
  if (!isRegularMembership(service_type)) {
    const gid: GroupId = bytes.length < GROUP_ID_BYTES ? [0, 0, 0] : readGroupId(bytes, 0, true);
    return { ret: 1, memb_info: { gid, changed_member: '', num_vs_sets: 0, my_vs_set: { ...NO_SET } } };
  }
  const body = parse(bytes);
  const first = body?.sets[0];
  if (!body || !first) return { ret: ILLEGAL_MESSAGE };
  const changed = (service_type & CAUSED_BY_NETWORK) === 0 ? readVsSet(bytes, 0, first)[0] : undefined;
  const sets = infosOf(body);
  return {
    ret: 1,
    memb_info: {
      gid: body.id,
      changed_member: changed ?? '',
      num_vs_sets: sets.length,
      my_vs_set: sets[body.ownSet] ?? { ...NO_SET },
    },
  };
}

/**
 * All sets of a regular membership message.
 * @param num_vs_sets room for sets
 * @returns `ret` is their number, BUFFER_TOO_SHORT when there are more than room, or ILLEGAL_MESSAGE
 */
export function SP_get_vs_sets_info(
  memb_mess: Uint8Array,
  num_vs_sets: number,
): {
  /** Number of sets, or a result below zero. */
  ret: number;
  /** The sets, in the order of the body. */
  vs_sets?: VsSetInfo[];
  /** Index of the own set, as in `MembInfo.my_vs_set`. */
  my_vs_set_index?: number;
} {
  const body = parse(asBuffer(memb_mess));
  if (body === null) return { ret: ILLEGAL_MESSAGE };
  if (typeof num_vs_sets !== 'number') return { ret: ILLEGAL_PARAM };
  if (body.sets.length > num_vs_sets) return { ret: BUFFER_TOO_SHORT };
  return { ret: body.sets.length, vs_sets: infosOf(body), my_vs_set_index: body.ownSet };
}

/**
 * The names of one set.
 * @param max_members room for names
 * @returns `ret` is their number, BUFFER_TOO_SHORT when there are more than room, or ILLEGAL_MESSAGE when the set does
 * not lie in the message
 */
export function SP_get_vs_set_members(
  memb_mess: Uint8Array,
  vs_set: VsSetInfo,
  max_members: number,
): {
  /** Number of names, or a result below zero. */
  ret: number;
  /** The names, in the order of the view. */
  members?: string[];
} {
  const { num_members: count, members_offset: offset } = vs_set ?? NO_MEMBERS;
  if (typeof max_members !== 'number') return { ret: ILLEGAL_PARAM };
  if (typeof count === 'number' && count > max_members) return { ret: BUFFER_TOO_SHORT };
  const whole = Number.isInteger(count) && Number.isInteger(offset) && count >= 0 && offset >= 0;
  const bytes = asBuffer(memb_mess);
  if (!whole || offset + count * NAME_BYTES > bytes.length) return { ret: ILLEGAL_MESSAGE };
  return { ret: count, members: readNames(bytes, offset, count) };
}

/** The same on a body that lies in several buffers. */
export const SP_scat_get_memb_info = (
  memb_mess: Scatter,
  service_type: number,
): ReturnType<typeof SP_get_memb_info> =>
  gathered(memb_mess, (bytes) => SP_get_memb_info(bytes, service_type));

/** As `SP_get_vs_sets_info`, on a body that lies in several buffers. */
export const SP_scat_get_vs_sets_info = (
  memb_mess: Scatter,
  num_vs_sets: number,
): ReturnType<typeof SP_get_vs_sets_info> =>
  gathered(memb_mess, (bytes) => SP_get_vs_sets_info(bytes, num_vs_sets));

/** As `SP_get_vs_set_members`, on a body that lies in several buffers. */
export const SP_scat_get_vs_set_members = (
  memb_mess: Scatter,
  vs_set: VsSetInfo,
  max_members: number,
): ReturnType<typeof SP_get_vs_set_members> =>
  gathered(memb_mess, (bytes) => SP_get_vs_set_members(bytes, vs_set, max_members));

function gathered<T extends { ret: number }>(
  scatter: Scatter,
  read: (bytes: Uint8Array) => T,
): T | { ret: number } {
  const pieces = scatterPieces(scatter, MAX_CLIENT_SCATTER_ELEMENTS);
  return typeof pieces === 'number' ? { ret: pieces } : read(Buffer.concat(pieces));
}

/** What `SP_receive` gives is little-endian whatever the daemon was. */
function parse(bytes: Buffer): MembershipBody | null {
  try {
    return readMembershipBody(bytes, 0, bytes.length, true);
  } catch (error) {
    if (error instanceof FrameFault) return null;
    throw error;
  }
}

const infosOf = (body: MembershipBody): VsSetInfo[] =>
  body.sets.map(({ numMembers, membersOffset }) => ({
    num_members: numMembers,
    members_offset: membersOffset,
  }));

/** Bytes of a caller that gave none are empty. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes instanceof Uint8Array
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : Buffer.alloc(0);
