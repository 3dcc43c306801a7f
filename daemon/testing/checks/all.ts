/** Every property of [daemon 1.4] that sessions can see. */
import { fifo } from './fifo.js';
import { hole } from './hole.js';
import { integrity } from './integrity.js';
import type { Checker, SessionLog, Violation } from './log.js';
import { prefix } from './prefix.js';
import { progress } from './progress.js';
import { safe } from './safe.js';
import { sameView } from './same-view.js';
import { selfDelivery } from './self-delivery.js';
import { totalOrder } from './total-order.js';
import { transition } from './transition.js';
import { viewIdentity } from './view-identity.js';
import { virtualSynchrony } from './virtual-synchrony.js';

export const checkers: readonly Checker[] = [
  integrity,
  selfDelivery,
  fifo,
  totalOrder,
  viewIdentity,
  sameView,
  virtualSynchrony,
  prefix,
  safe,
  transition,
  hole,
  progress,
];

/** Everything that is wrong in the logs, which must be complete: nothing is added to them any more. */
export const check = (logs: readonly SessionLog[]): Violation[] =>
  checkers.flatMap((checker) => checker(logs));
