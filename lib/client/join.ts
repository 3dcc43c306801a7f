/** `Connection.join`: what the options ask for is loaded where it is not there yet. */
import { loadSynchrony, synchronyClass } from '#synchrony';
import { loadTyped, typedPart } from '#typed';
import { errorOf } from '../errors.js';
import { ILLEGAL_GROUP, ILLEGAL_PARAM } from '../wire/codes.js';
import { isGroupName } from '../wire/name.js';
import type { Group } from './group.js';
import type { Memberships } from './memberships.js';
import { checkedJoin, type JoinOptions } from './options.js';

/** @param isResumable whether the connection comes back after a loss @see Connection.join */
export async function joinGroup(
  memberships: Memberships,
  isResumable: boolean,
  name: string,
  options: JoinOptions,
): Promise<Group> {
  if (typeof name !== 'string' || !isGroupName(name)) throw errorOf(ILLEGAL_GROUP, String(name));
  const { signal, synchrony, secure, onDemand, values } = checkedJoin(options);
  if (isResumable && synchrony)
    throw errorOf(ILLEGAL_PARAM, 'viewSynchrony and secure need a connection without resume');
  const payload = values && (typedPart() ?? (await loadTyped())).Payload.of(values);
  if (synchrony && synchronyClass() === null) await loadSynchrony();
  if (secure === null) return await memberships.join(name, { signal, synchrony, onDemand, payload });
  // A program without secure groups loads no cryptography.
  const { secureFilter } = await import('#secure');
  const filter = secureFilter(name, secure);
  return await memberships.join(name, { signal, onDemand, payload, synchrony: { ...synchrony, filter } });
}
