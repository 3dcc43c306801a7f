/** The object of a group that was joined, by how it was. */
import { typedPart } from '#typed';
import type { SecureView, ViewEvent } from './event.js';
import { Group, type GroupHome } from './group.js';
import type { Membership } from './membership.js';
import { SecureGroup } from './secure-group.js';
import type { SynchronousGroups } from './view-synchrony.js';

/**
 * @param how it was joined
 * @param synchrony there where it is view-synchronous
 */
export function newGroup(
  first: ViewEvent,
  home: GroupHome,
  how: Pick<Membership, 'synchrony' | 'payload'>,
  synchrony: SynchronousGroups | null,
): Group {
  const name = first.group;
  const make = (own: GroupHome): Group => {
    if (!how.synchrony?.filter) return new Group(name, first, own);
    const security = (synchrony as SynchronousGroups).security(name);
    return new SecureGroup(name, first as SecureView, own, security);
  };
  const own = how.synchrony ? { ...home, synchrony } : home;
  const { payload } = how;
  // A payload is made by the part, so the part is there.
  return (payload && typedPart()?.typedGroup(name, payload, own, make)) ?? make(own);
}
