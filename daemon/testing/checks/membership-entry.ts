/** A frame that tells of the membership of a group, as the logs have it. */
import type { Delivery } from '../../../lib/wire/delivery.js';
import { groupIdText, readGroupId } from '../../../lib/wire/group-id.js';
import { readMembershipBody, readVsSet } from '../../../lib/wire/membership.js';
import {
  CAUSED_BY_DISCONNECT,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  isRegularMembership,
  isSelfLeave,
  isTransition,
} from '../../../lib/wire/service.js';
import type { Entry, ViewEntry } from './log.js';

/** @returns null for a frame with data */
export function membershipEntry(delivery: Delivery): Entry | null {
  const { service, name: group, body, little } = delivery;
  if (isRegularMembership(service)) return viewOf(delivery);
  if (isTransition(service))
    return { kind: 'transition', group, gid: groupIdText(readGroupId(body, 0, little)) };
  return isSelfLeave(service) ? { kind: 'self-leave', group } : null;
}

function viewOf(delivery: Delivery): ViewEntry {
  const { body, service, little } = delivery;
  const { id, sets, ownSet } = readMembershipBody(body, 0, body.length, little);
  const names = sets.map((set) => readVsSet(body, 0, set));
  const cause = causeOf(service);
  return {
    kind: 'view',
    group: delivery.name,
    gid: groupIdText(id),
    cause,
    changed: cause === 'network' ? null : (names[0]?.[0] ?? null),
    members: delivery.names(),
    sets: names,
    own: ownSet,
  };
}

function causeOf(service: number): ViewEntry['cause'] {
  if ((service & CAUSED_BY_JOIN) !== 0) return 'join';
  if ((service & CAUSED_BY_LEAVE) !== 0) return 'leave';
  return (service & CAUSED_BY_DISCONNECT) === 0 ? 'network' : 'disconnect';
}
