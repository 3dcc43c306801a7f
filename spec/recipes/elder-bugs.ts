/** Bugs of elections that prefer the oldest, and the seed of a world that sees each. */
import { SeniorityRecord } from '../../lib/recipes/core/seniority.js';
import { replace } from '../simulation/bugs/planted.js';
import { moved, outbid } from './elder-worlds.js';
import { elected, type LossWorld } from './loss-worlds.js';

interface ElderBug {
  readonly name: string;
  readonly seed: number;
  readonly live: LossWorld;
  /** Plants it. @returns what takes it out */
  readonly plant: () => () => void;
}

export const elderBugs: readonly ElderBug[] = [
  {
    name: 'ages that nobody confirms and that count all the same',
    seed: 1,
    live: outbid,
    plant: () =>
      replace(
        SeniorityRecord,
        'view',
        (original) => (self, view) => Object.assign({}, original(self, view), { elders: [] }),
      ),
  },
  {
    name: 'a member with a gap that is as old as it was',
    seed: 2,
    live: elected(1, 'oldest'),
    plant: () => replace(SeniorityRecord, 'rejoined', (original) => (self, id) => original(self, id, true)),
  },
  {
    name: 'a member without a gap that begins again',
    seed: 1,
    live: moved,
    plant: () => replace(SeniorityRecord, 'rejoined', (original) => (self, id) => original(self, id, false)),
  },
  {
    name: 'a member that the others do not know again where it has moved',
    seed: 1,
    live: moved,
    plant: () => replace(SeniorityRecord, 'rename', () => () => undefined),
  },
];
