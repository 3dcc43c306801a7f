/** Bugs that are planted in what the core does for resumable sessions: the worlds must see each of them. */
import { expect } from 'chai';
import { Acknowledgements } from '../../daemon/core/acknowledgements.js';
import { Resumption } from '../../daemon/core/resumption.js';
import { Returns } from '../../daemon/core/returns.js';
import { Sources } from '../../daemon/core/sources.js';
import type { Forget } from '../../lib/wire/extension/daemon-frames.js';
import { seeds } from '../support/seeds.js';
import { replace } from '../simulation/bugs/planted.js';
import { forgetAlone, overlookWaitingReturns } from '../simulation/bugs/resumption.js';
import { BrokenPromise, ResumeWorld, type Weights } from './resume-world.js';

interface Bug {
  readonly name: string;
  /** A world that shows it. */
  readonly seed: number;
  readonly weights?: Partial<Weights>;
  plant(): () => void;
}

const no = () => (): boolean => false;

const bugs: readonly Bug[] = [
  { name: 'repeats are not dropped in the order', seed: 1, plant: () => replace(Sources, 'isRepeat', no) },
  {
    name: 'the table is not in the exchange',
    seed: 3,
    weights: { start: 4, view: 4 },
    plant: () =>
      replace(Resumption, 'reported', () => () => {
        return [].values();
      }),
  },
  {
    name: 'a daemon forgets by its own clock',
    seed: 6,
    weights: { sweep: 10 },
    plant: forgetAlone,
  },
  {
    name: 'a request is acknowledged when it is ordered',
    seed: 153,
    weights: { kill: 5, view: 4 },
    plant: () =>
      replace(Acknowledgements, 'delivered', (original) => (self, record, number, index, isOwn) => {
        original(self, record, number, index, isOwn);
        (self as Acknowledgements).stableUpTo(index as number);
      }),
  },
  {
    name: 'a client sends again in another order',
    seed: 1,
    plant: () => replace(ResumeWorld, 'inOrder', () => (_, kept) => (kept as object[]).toReversed()),
  },
  {
    name: 'the return of a lower try is accepted',
    seed: 76,
    weights: { break: 12, dial: 25 },
    plant: () => replace(Returns, 'isOutdated', no),
  },
  {
    name: 'the old name stays',
    seed: 2,
    plant: () => replace(Returns, 'nameBefore', () => () => ''),
  },
  {
    name: 'the new name joins before the old one leaves',
    seed: 2,
    plant: () =>
      replace(
        Returns,
        'move',
        (original) =>
          function* (self, before, told, daemon, session) {
            yield* original(self, '', told, daemon, session) as Generator<number>;
            ResumeWorld.watched?.checkNames();
            yield* original(
              self,
              before,
              { ...(told as object), groups: [] },
              daemon,
              session,
            ) as Generator<number>;
          },
      ),
  },
  {
    name: 'the old name is the one that the client tells',
    seed: 38,
    weights: { break: 12, dial: 25, kill: 5, view: 4 },
    plant: () => replace(Returns, 'nameBefore', () => (_, __, told) => (told as { oldName: string }).oldName),
  },
  {
    name: 'a join that the old home still has is carried out',
    seed: 122,
    weights: { break: 12, dial: 25, change: 25 },
    plant: () => replace(Resumption, 'isStale', no),
  },
  {
    name: 'a session is forgotten by what was decided before others were heard',
    seed: 93,
    weights: { sweep: 15, break: 10, dial: 25, kill: 3, hold: 4, view: 3 },
    plant: () =>
      replace(Resumption, 'forget', () => (self, told, daemon) => {
        const { returns, daemons } = self as { returns: Returns; daemons: ReadonlySet<string> };
        const mayForget = (home: string): boolean => home === daemon || !daemons.has(home);
        returns.forget({ ...(told as Forget), index: Infinity }, mayForget);
      }),
  },
  {
    name: 'one past is taken to mean that no return waits elsewhere',
    seed: 4,
    weights: { kill: 5, view: 4, hold: 8, dial: 25, break: 8, start: 0.5 },
    plant: overlookWaitingReturns,
  },
];

/** @returns the world that shows it, or null */
function caughtIn(bug: Bug, from: number, worlds: number): number | null {
  const remove = bug.plant();
  try {
    for (let seed = from; seed < from + worlds; seed++) if (isBroken(seed, bug.weights ?? {})) return seed;
    return null;
  } finally {
    remove();
  }
}

function isBroken(seed: number, weights: Partial<Weights>): boolean {
  try {
    new ResumeWorld(seed, weights).run();
    return false;
  } catch (error) {
    if (error instanceof BrokenPromise) return true;
    throw error;
  }
}

describe('core: bugs with resumable sessions', () => {
  for (const bug of bugs) {
    it(`are seen: ${bug.name}`, () => {
      const [from, worlds] = seeds(0, 1) === 0 ? [bug.seed, 1] : [1, 200];
      expect(caughtIn(bug, from, worlds)).to.be.a('number');
    });
  }
});
