/** Every invariant that the logs of the members show. That strangers change nothing is that all these hold among them. */
import { closedGroup } from './closed-group.js';
import { companions } from './companions.js';
import { flushRequests } from './flush-requests.js';
import type { Checker, MembershipLog, Violation } from './log.js';
import { order } from './order.js';
import { ownPlace } from './own-place.js';
import { progress } from './progress.js';
import { safe } from './safe.js';
import { sameSet } from './same-set.js';
import { selfDelivery } from './self-delivery.js';
import { sendingView } from './sending-view.js';
import { silence } from './silence.js';
import { transition } from './transition.js';
import { viewIdentity } from './view-identity.js';
import { viewOrder } from './view-order.js';

export const checkers: readonly Checker[] = [
  sendingView,
  sameSet,
  viewIdentity,
  companions,
  silence,
  flushRequests,
  transition,
  safe,
  selfDelivery,
  ownPlace,
  order,
  closedGroup,
  progress,
  viewOrder,
];

/** Everything that is wrong in the logs. */
export const check = (logs: readonly MembershipLog[]): Violation[] =>
  checkers.flatMap((checker) => checker(logs));
