/** Every property of resuming connections that the logs of clients and daemons can show. */
import type { Violation } from '../../../daemon/testing/checks/log.js';
import { complete, contiguous, prefixes } from './continuity.js';
import { gaps } from './gaps.js';
import { newestStays, oneName, privateOnce, unnoticed } from './identity.js';
import type { ResumeChecker, ResumeLogs } from './log.js';
import { acknowledged, confirmed, orderedOnce, selfDelivery } from './sends.js';
import { signals } from './signals.js';

export const resumeCheckers: readonly ResumeChecker[] = [
  contiguous,
  complete,
  gaps,
  prefixes,
  orderedOnce,
  acknowledged,
  confirmed,
  selfDelivery,
  oneName,
  unnoticed,
  privateOnce,
  signals,
  newestStays,
];

/** Everything that is wrong in the logs, which must be complete: nothing is added to them any more. */
export const checkResume = (logs: ResumeLogs): Violation[] =>
  resumeCheckers.flatMap((checker) => checker(logs));
