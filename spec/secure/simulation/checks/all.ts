/** Every property that the logs show. What is promised to nobody in worlds with liars is left out there. */
import type { Checker, Evidence, Violation } from '../log.js';
import { authorization } from './authorization.js';
import { companions } from './companions.js';
import { decision } from './decision.js';
import { freshSecrets } from './fresh-secrets.js';
import { holders } from './holders.js';
import { identity } from './identity.js';
import { ownPlace } from './own-place.js';
import { peace } from './peace.js';
import { safe } from './safe.js';
import { sameSet } from './same-set.js';
import { selfDelivery } from './self-delivery.js';
import { sendingView } from './sending-view.js';
import { transition } from './transition.js';

/** Whoever lies, and whatever a daemon does. */
const always: readonly Checker[] = [
  identity,
  authorization,
  freshSecrets,
  holders,
  sendingView,
  ownPlace,
  transition,
];
/** Among honest members on honest daemons. */
const amongHonest: readonly Checker[] = [companions, decision, peace, safe, sameSet, selfDelivery];

export const check = (evidence: Evidence): Violation[] =>
  [...always, ...amongHonest].flatMap((checker) => checker(evidence));
