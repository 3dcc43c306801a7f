/** Bugs in compact views, each with a plan of worlds in which it has to be found. */
import { GroupMembership } from '../../daemon/core/group-membership.js';
import type { Group } from '../../daemon/core/group.js';
import { NetworkChanges } from '../../daemon/core/network-changes.js';
import { ViewRuns } from '../../daemon/core/view-runs.js';
import { ChunkedList } from '../../lib/util/member-list.js';
import {
  doubleOwnJoin,
  keepHash,
  keepRunsOpen,
  misplaceRecords,
  stayOutgrown,
  tellThoseWhoLeft,
} from '../simulation/bugs/compact.js';
import { replace } from '../simulation/bugs/planted.js';
import { type CompactPlan, calm, crowded, partitions } from './compact-world.js';

export interface CompactBug {
  readonly name: string;
  readonly plan: CompactPlan;
  /** @returns what takes it out */
  plant(): () => void;
}

const nothing = () => (): void => undefined;

/** What was kept of a chunk stays when the chunk changes. */
const keepStale = (method: 'put' | 'take'): (() => void) =>
  replace(ChunkedList, method, (original) => (self, number, ...rest) => {
    const chunk = (self as ChunkedList<unknown>).chunks[number as number];
    const kept = chunk?.kept;
    const result = original(self, number, ...rest);
    if (chunk) chunk.kept = kept;
    return result;
  });

export const compactBugs: readonly CompactBug[] = [
  {
    name: 'a record has another place than the member',
    plan: calm,
    plant: misplaceRecords,
  },
  {
    name: 'one who joins gets the own join twice',
    plan: calm,
    plant: doubleOwnJoin,
  },
  {
    name: 'one who leaves gets records behind the self-leave',
    plan: calm,
    plant: tellThoseWhoLeft,
  },
  {
    name: 'one who leaves does not get the part before the leave',
    plan: calm,
    plant: () => replace(ViewRuns, 'finish', nothing),
  },
  {
    name: 'a run is not closed before data',
    plan: calm,
    plant: keepRunsOpen,
  },
  {
    name: 'a run is not closed before the records of another group',
    plan: calm,
    plant: () =>
      replace(ViewRuns, 'turnTo', () => (self, group) => {
        const run = self as { group: Group | null };
        if (run.group !== group) run.group = null;
      }),
  },
  {
    name: 'the hash is not taken back when one leaves',
    plan: calm,
    plant: keepHash,
  },
  { name: 'a list is kept when one joins', plan: calm, plant: () => keepStale('put') },
  { name: 'a list is kept when one leaves', plan: calm, plant: () => keepStale('take') },
  {
    name: 'a network view has one vs set for all',
    plan: partitions,
    plant: () =>
      replace(
        NetworkChanges,
        'view',
        (original) =>
          (self, group, _, ...rest) =>
            original(self, group, () => '', ...rest),
      ),
  },
  {
    name: 'a network view does not say who came',
    plan: partitions,
    plant: () => replace(NetworkChanges, 'comes', nothing),
  },
  {
    name: 'a network view does not say who is gone',
    plan: partitions,
    plant: () => replace(NetworkChanges, 'goes', nothing),
  },
  {
    name: 'a signal overtakes the records before it',
    plan: partitions,
    plant: () =>
      replace(GroupMembership, 'transition', (original) => (self, stays) => {
        const { runs } = self as { runs: ViewRuns };
        const close = runs.close.bind(runs);
        runs.close = () => undefined;
        const work = original(self, stays) as Iterator<number, void>;
        // The first step closes the run.
        const first = work.next();
        runs.close = close;
        return (function* () {
          if (!first.done) yield first.value;
          for (let next = work.next(); !next.done; next = work.next()) yield next.value;
        })();
      }),
  },
  {
    name: 'members with whole views stay in a group that has outgrown those',
    plan: crowded,
    plant: stayOutgrown,
  },
];
