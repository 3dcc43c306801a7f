/** The object of a group that was joined, by how it was. */
import type { SecureView, ViewEvent } from './event.js';
import { Group, type GroupHome } from './group.js';
import { SecureGroup } from './secure-group.js';
import type { Synchrony } from './synchronous-mode.js';
import type { SynchronousGroups } from './view-synchrony.js';

/**
 * @param how it is view-synchronous; null: a plain group
 * @param synchrony there where it is
 */
export function newGroup(
  first: ViewEvent,
  home: GroupHome,
  how: Synchrony | null,
  synchrony: SynchronousGroups | null,
): Group {
  const name = first.group;
  const synchronous = { ...home, synchrony };
  if (how?.filter) {
    const security = (synchrony as SynchronousGroups).security(name);
    return new SecureGroup(name, first as SecureView, synchronous, security);
  }
  return new Group(name, first, how ? synchronous : home);
}
