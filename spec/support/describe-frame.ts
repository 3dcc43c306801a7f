/** A delivered frame as one line, so that a spec can say in words what a session got. */
import type { Delivery } from '../../lib/wire/delivery.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { type MembershipBody, readMembershipBody, readVsSet } from '../../lib/wire/membership.js';
import {
  CAUSED_BY_DISCONNECT,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  CAUSED_BY_NETWORK,
  isRegularMembership,
  isSelfLeave,
  isTransition,
  REG_MEMB_MESS,
} from '../../lib/wire/service.js';

const causes: Readonly<Record<number, string>> = {
  [CAUSED_BY_JOIN]: 'join',
  [CAUSED_BY_LEAVE]: 'leave',
  [CAUSED_BY_DISCONNECT]: 'disconnect',
  [CAUSED_BY_NETWORK]: 'network',
};

export const bodyOf = (frame: Delivery): MembershipBody =>
  readMembershipBody(frame.body, 0, frame.body.length, frame.little);

export const groupIdOf = (frame: Delivery): GroupId => bodyOf(frame).id;

/** The third word of a view's id. */
export const counterOf = (frame: Delivery): number => groupIdOf(frame)[2];

/** The names in the vs sets, set by set. */
export const vsSetsOf = (frame: Delivery): string[][] =>
  bodyOf(frame).sets.map((set) => readVsSet(frame.body, 0, set));

/**
 * `join g: #a#d #b#d (#b#d)` is a view with the one who changed, `self-leave g` and `transition g` are what they say,
 * `#a#d > g,h: text` is data with its destinations.
 */
export function tell(frame: Delivery): string {
  const { service, name } = frame;
  if (isSelfLeave(service)) return `self-leave ${name}`;
  if (isTransition(service)) return `transition ${name}`;
  if (isRegularMembership(service)) {
    const cause = causes[service & ~REG_MEMB_MESS] ?? `cause ${service.toString(16)}`;
    const sets = vsSetsOf(frame).map((set) => `(${set.join(' ')})`);
    return `${cause} ${name}: ${[...frame.names(), ...sets].join(' ')}`;
  }
  return `${name} > ${frame.names().join(',')}: ${frame.body.toString('latin1')}`;
}
