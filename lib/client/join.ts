/** `Connection.join`: what the options ask for is loaded where it is not there yet. */
import { followJoin } from '#diagnostics';
import { loadSecure } from '#secure';
import { loadSynchrony, synchronyClass } from '#synchrony';
import { loadTyped, typedPart } from '#typed';
import { errorOf } from '../errors.js';
import { ILLEGAL_GROUP, ILLEGAL_PARAM } from '../wire/codes.js';
import { isGroupName } from '../wire/name.js';
import type { Group } from './group.js';
import type { Memberships } from './memberships.js';
import { checkedJoin, type JoinOptions } from './options.js';

/** What depends on the connection: its id, whether it comes back after a loss, and has lists on demand. */
interface JoinAbilities {
  readonly id: string;
  readonly resume: boolean;
  readonly lists: boolean;
}

/** @see Connection.join */
export function joinGroup(
  memberships: Memberships,
  can: JoinAbilities,
  name: string,
  options: JoinOptions,
): Promise<Group> {
  return followJoin(can.id, name, () => join(memberships, can, name, options));
}

async function join(
  memberships: Memberships,
  can: JoinAbilities,
  name: string,
  options: JoinOptions,
): Promise<Group> {
  if (typeof name !== 'string' || !isGroupName(name)) throw errorOf(ILLEGAL_GROUP, String(name));
  const { signal, synchrony, secure, onDemand, values } = checkedJoin(options, can.lists);
  if (can.resume && synchrony)
    throw errorOf(ILLEGAL_PARAM, 'viewSynchrony and secure need a connection without resume');
  const payload = values && (typedPart() ?? (await loadTyped())).Payload.of(values);
  if (synchrony && synchronyClass() === null) await loadSynchrony();
  if (secure === null) return await memberships.join(name, { signal, synchrony, onDemand, payload });
  const secureFilter = await loadSecure();
  const filter = secureFilter(name, secure);
  return await memberships.join(name, { signal, onDemand, payload, synchrony: { ...synchrony, filter } });
}
