/** The object of a group that was joined, by how it was. */
import { typedPart } from '#typed';
import type { ViewEvent } from './event.js';
import { Group, type GroupHome } from './group.js';
import type { Membership } from './membership.js';
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
  const layer = how.synchrony && synchrony;
  const make = (own: GroupHome): Group =>
    layer ? layer.newGroup(first, own) : new Group(first.group, first, own);
  const own = layer ? { ...home, synchrony: layer } : home;
  const { payload } = how;
  // A payload is made by the part, so the part is there.
  return (payload && typedPart()?.typedGroup(first.group, payload, own, make)) ?? make(own);
}
