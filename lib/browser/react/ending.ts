/** Why a membership has ended that nobody here has given up. */
import type { Group } from '../../client/group.js';
import type { GapReason } from '../../client/resume/events.js';
import { errorOf, PermissionDeniedError } from '../../errors.js';
import { ILLEGAL_GROUP } from '../../wire/codes.js';

/** @returns gives the error of the end, once the group has ended */
export function endingOf(group: Group): () => Error {
  let last: GapReason | null = null;
  group.on('gap', ({ reason }) => void (last = reason));
  return () =>
    last === 'not-permitted'
      ? new PermissionDeniedError('join', [group.name])
      : errorOf(ILLEGAL_GROUP, `the daemon ended the membership in ${group.name}`);
}
