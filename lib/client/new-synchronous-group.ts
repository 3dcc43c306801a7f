/** The object of a view-synchronous group that was joined. */
import type { SecureView, ViewEvent } from './event.js';
import { Group, type GroupHome, type GroupSecurity } from './group.js';
import { SecureGroup } from './secure-group.js';

/** @param security there where it is a secure one */
export const newSynchronousGroup = (
  first: ViewEvent,
  home: GroupHome,
  security: GroupSecurity | undefined,
): Group =>
  security
    ? new SecureGroup(first.group, first as SecureView, home, security)
    : new Group(first.group, first, home);
