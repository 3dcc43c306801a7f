/** One group of a connection: being joined, joined, or being left. */
import { errorOf } from '../errors.js';
import type { Deferred } from '../util/deferred.js';
import { ILLEGAL_PARAM, ILLEGAL_STATE } from '../wire/codes.js';
import type { Group } from './group.js';
import type { Continuity } from './resume/continuity.js';
import type { Synchrony } from './synchronous-mode.js';
import type { Payload } from './typed/payload.js';

export interface Membership {
  readonly name: string;
  /** How it is view-synchronous; null: a plain group. */
  readonly synchrony: Synchrony | null;
  /** Whether the list of its members comes when it is asked for. */
  readonly onDemand: boolean;
  /** How its messages become values; null: they are bytes. */
  readonly payload: Payload | null;
  /** Whether it was asked for, so that the list is kept from then on. */
  isListed: boolean;
  /** Settles with the first view. */
  readonly first: Deferred<Group>;
  /** There from the first view on. */
  group: Group | null;
  /** Joins that wait for the first view, and whether one of them has brought the group to its caller. */
  joins: number;
  claimed: boolean;
  /** There from the request to leave on; settles with the self-leave. */
  left: Deferred<void> | null;
  /** Calls to leave it by its name: each also holds for the joins that wait for its end. */
  leaves: number;
  /** Of a connection that comes back: what is known over its losses. */
  continuity: Continuity | null;
}

/** A group that is about to be joined. */
export const newMembership = (
  name: string,
  { synchrony, onDemand, payload }: Pick<Membership, 'synchrony' | 'onDemand' | 'payload'>,
  first: Deferred<Group>,
): Membership => ({
  name,
  synchrony,
  onDemand,
  payload,
  isListed: !onDemand,
  first,
  group: null,
  joins: 0,
  claimed: false,
  left: null,
  leaves: 0,
  continuity: null,
});

export const leftEarly = (name: string): Error =>
  errorOf(ILLEGAL_STATE, `${name} was left before its first view`);

/** In words, which differ where two joins of one group do not go together. */
export const modeOf = ({ synchrony, onDemand }: Pick<Membership, 'synchrony' | 'onDemand'>): string => {
  if (synchrony?.filter) return 'secure';
  if (onDemand) return "list: 'on-demand'";
  return synchrony === null ? 'viewSynchrony: false' : `flush: '${synchrony.flush ?? 'auto'}'`;
};

/**
 * Whoever has the group reads its messages in one way.
 * @throws IllegalParamError for a join with another schema or codec, also where only one of the two has any
 */
export function checkPayload({ name, payload }: Membership, asked: Pick<Membership, 'payload'>): void {
  if (payload === asked.payload || (payload && asked.payload?.isSame(payload))) return;
  const schema =
    payload === null ? 'no schema' : asked.payload === null ? 'a schema' : 'another schema or codec';
  throw errorOf(ILLEGAL_PARAM, `${name} is joined with ${schema}`);
}
