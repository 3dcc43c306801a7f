/** All recipes, as the simulator plays them. */
import type { Rules, Subject } from './subject.js';
import { BarrierSubject } from './subjects/barrier.js';
import { callSubject } from './subjects/call.js';
import { CounterSubject } from './subjects/counter.js';
import { electionSubject } from './subjects/election.js';
import { LedgerSubject } from './subjects/ledger.js';
import { LockSubject } from './subjects/lock.js';
import { MapSubject } from './subjects/map.js';
import { membersSubject } from './subjects/members.js';

export const subjectsOf = (rules: Rules): Subject[] => [
  electionSubject(rules),
  membersSubject(),
  callSubject(),
  new LedgerSubject(rules),
  new CounterSubject(rules),
  new MapSubject(rules),
  new LockSubject(rules),
  new BarrierSubject(rules),
];
