/** What a membership frame says [session 6], [receive R49 to R57]. */
import { FrameFault } from '../wire/fault.js';
import { GROUP_ID_BYTES, type GroupId, readGroupId } from '../wire/group-id.js';
import { type VsSet, readMembershipBody, readVsSet } from '../wire/membership.js';
import {
  CAUSED_BY_DISCONNECT,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  CAUSED_BY_NETWORK,
  MEMBERSHIP_MESS,
  REG_MEMB_MESS,
} from '../wire/service.js';
import type { ReceivedMessage } from './received-message.js';

/** Why a view came: a member joined, left or ended, or the daemon view changed. */
export type Cause = 'join' | 'leave' | 'disconnect' | 'network';

/** One regular membership of a group. */
export interface View {
  readonly group: string;
  readonly id: GroupId;
  readonly cause: Cause;
  /** Ids of all members, in the order that every member sees. */
  readonly members: readonly string[];
  /** Place of the receiver among the members, from 0; -1 when it is not there. */
  readonly index: number;
  /**
   * Join, leave, disconnect: the one who came or went. Network: those members who came along with the receiver from
   * its last view, itself included, in the order of `members` [receive R55, R56].
   */
  readonly names: readonly string[];
}

const causes: Readonly<Record<number, Cause>> = {
  [CAUSED_BY_JOIN]: 'join',
  [CAUSED_BY_LEAVE]: 'leave',
  [CAUSED_BY_DISCONNECT]: 'disconnect',
  [CAUSED_BY_NETWORK]: 'network',
};

/**
 * Reads an arrival of kind `view`.
 * @param own private group of the receiver
 * @throws FrameFault when it has not exactly one cause, or its body is malformed
 */
export function readView(arrival: ReceivedMessage, own: string): View {
  const cause = causes[arrival.service & MEMBERSHIP_MESS & ~REG_MEMB_MESS];
  if (cause === undefined) throw new FrameFault('membership-body', 'a view without exactly one cause');
  const { body } = arrival;
  const { id, sets, ownSet } = readMembershipBody(body, 0, body.length, arrival.little);
  const members = arrival.names();
  // Join, leave and disconnect name the one who changed in the first set, whatever the offset says [session 6.6].
  const set = readVsSet(body, 0, sets[cause === 'network' ? ownSet : 0] as VsSet);
  if (cause !== 'network' && set.length === 0) {
    throw new FrameFault('membership-body', `a ${cause} of nobody`);
  }
  const names = cause === 'network' ? inOrderOf(members, set) : set.slice(0, 1);
  return { group: arrival.name, id, cause, members, index: members.indexOf(own), names };
}

function inOrderOf(members: readonly string[], set: readonly string[]): string[] {
  const companions = new Set(set);
  return members.filter((member) => companions.has(member));
}

/**
 * The id in an arrival of kind `transition`: that of the last regular view.
 * @throws FrameFault when the body is too short for it
 */
export function readTransition(arrival: ReceivedMessage): GroupId {
  const { body } = arrival;
  if (body.length < GROUP_ID_BYTES) throw new FrameFault('membership-body', 'a transition without its id');
  return readGroupId(body, 0, arrival.little);
}

/**
 * The id of the last view of every group the connection is in. A self-leave frame carries none, but SSP's body of it
 * does [receive Q22]. Kept in the order of arrival, which is the order in which messages are taken.
 */
export class ViewIds {
  private readonly ids = new Map<string, GroupId>();

  /** Notes what a membership frame says; a self-leave gets its id and the group is forgotten. */
  note(arrival: ReceivedMessage): void {
    const { kind } = arrival;
    if (kind === 'view') {
      const { body } = arrival;
      if (body.length >= GROUP_ID_BYTES) this.ids.set(arrival.name, readGroupId(body, 0, arrival.little));
    } else if (kind === 'self-leave') {
      const group = arrival.name;
      arrival.leftId = this.ids.get(group) ?? arrival.leftId;
      this.ids.delete(group);
    }
  }
}
