/** What may be sent to view-synchronous groups, as far as no view is needed to tell. */
import { errorOf } from '../errors.js';
import { MAX_PORTABLE_RECEIVERS } from '../flush/core/limits.js';
import { ILLEGAL_GROUP, ILLEGAL_PARAM } from '../wire/codes.js';
import { MAX_GROUPS } from '../wire/limits.js';
import type { SendOptions } from './send.js';

/** @throws IllegalParamError for too many */
export function checkMembers(members: readonly string[], isPortable: boolean): void {
  const max = isPortable ? MAX_PORTABLE_RECEIVERS : MAX_GROUPS;
  if (!Array.isArray(members)) throw errorOf(ILLEGAL_PARAM, 'members must be an array');
  if (members.length <= max) return;
  const hint = isPortable ? ', or `portable: false` where all daemons are sspd' : '';
  throw errorOf(ILLEGAL_PARAM, `expected 1 to ${max} members, got ${members.length}${hint}`);
}

/**
 * The one group that a message goes to, if it is a view-synchronous one; undefined if none of them is.
 * @throws IllegalGroupError for one of them together with others
 */
export function synchronousGroup(
  groups: { has(name: string): boolean } | null,
  names: readonly string[],
): string | undefined {
  if (groups === null || !Array.isArray(names)) return undefined;
  const found = names.find((name) => groups.has(name));
  if (found === undefined || names.length === 1) return found;
  throw errorOf(ILLEGAL_GROUP, `${found} is view-synchronous: nothing can go to it and to others at once`);
}

/** @throws IllegalParamError for `view`, which no plain group promises */
export function checkPlain({ view }: SendOptions): void {
  if (view !== undefined) throw errorOf(ILLEGAL_PARAM, 'view is for view-synchronous groups');
}
