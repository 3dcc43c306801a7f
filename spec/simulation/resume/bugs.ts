/** Bugs that are planted in the ring, the replay and what they build on, each with the worlds that provoke it. */
import { DeliveryHistory } from '../../../daemon/core/history.js';
import { Replay } from '../../../daemon/core/replay.js';
import { ReplayMarks } from '../../../daemon/core/replay-marks.js';
import { replace } from '../bugs/planted.js';
import {
  anyView,
  countFrames,
  countSignals,
  goLiveEarly,
  groupsOfNow,
  hideVanished,
  keepRepeats,
  noHash,
  overlookJoins,
  repeatSignals,
  skipEvicted,
} from '../bugs/replay.js';
import { ResumeWorld, type WorldChoice } from './world.js';

export interface ResumeBug {
  readonly name: string;
  /** A world that shows it. When worlds change it is another one, which `hunt` finds. */
  readonly seed: number;
  readonly choice: WorldChoice;
  /** Plants it; without it the bug is one of the doubles, and part of the choice. @returns what takes it out */
  readonly plant?: () => () => void;
}

const nothing = (): undefined => undefined;

/** Much is lost, and the ring has it all. */
const whole: WorldChoice = { ring: 1000, breaks: 0.05 };
/** Members come and go all the time. */
const restless: WorldChoice = { ring: 1000, breaks: 0.04, changes: 0.12 };
/** Daemons die and start all the time. */
const deadly: WorldChoice = { ring: 1000, newcomers: true, changes: 0.03 };
/** Clients read slowly, and the ring has little. */
const slow: WorldChoice = { ring: 20, room: 5, breaks: 0.04 };

export const resumeBugs: readonly ResumeBug[] = [
  {
    name: 'a position has no hash',
    seed: 3,
    choice: deadly,
    plant: noHash,
  },
  {
    name: 'an index counts in every view',
    seed: 2,
    choice: whole,
    plant: anyView,
  },
  { name: 'a mark comes behind its events', seed: 1, choice: { ...whole, faults: { markBehind: true } } },
  {
    name: 'a frame counts as one event, however many records it has',
    seed: 1,
    choice: restless,
    plant: countFrames,
  },
  {
    name: 'a signal counts as an event',
    seed: 49,
    choice: deadly,
    plant: countSignals,
  },
  {
    name: 'a signal that stands before the position is not given',
    seed: 24,
    choice: { ...deadly, earlySignals: true },
    plant: () => replace(Replay, 'payOwed', () => nothing),
  },
  {
    name: 'a signal comes again that the client has',
    seed: 49,
    choice: deadly,
    plant: repeatSignals,
  },
  {
    name: 'a join is done when it is acknowledged',
    seed: 10,
    choice: { ...restless, faults: { joinAcked: true } },
  },
  {
    name: 'the own join in the ring is overlooked',
    seed: 1,
    choice: restless,
    plant: overlookJoins,
  },
  {
    name: 'a session is live before everything is read',
    seed: 1,
    choice: whole,
    plant: goLiveEarly,
  },
  {
    name: 'what the ring has evicted is skipped without a gap',
    seed: 1,
    choice: slow,
    plant: skipEvicted,
  },
  {
    name: 'the groups of now count, and not those of the mark',
    seed: 1,
    choice: restless,
    plant: groupsOfNow,
  },
  {
    name: 'a replay brings repeats that were dropped',
    seed: 1,
    choice: whole,
    plant: keepRepeats,
  },
  {
    name: 'observers of a group that has vanished get nothing',
    seed: 5,
    choice: whole,
    plant: hideVanished,
  },
  {
    name: 'a history begins without the past',
    seed: 31,
    choice: deadly,
    plant: () =>
      replace(
        DeliveryHistory,
        'begin',
        (original) => (self, tag, daemons) => void original(self, tag, daemons, 0n),
      ),
  },
  {
    name: 'a mark stands inside the batch of the position',
    seed: 11,
    choice: { ...whole, breaks: 0.08 },
    plant: () =>
      replace(ReplayMarks, 'event', (original) => (self, number, bytes, act) => {
        const marks = self as unknown as { position: unknown };
        const { position } = marks;
        marks.position = null;
        original(self, number, bytes, act);
        marks.position = position;
      }),
  },
  {
    name: 'a signal that the client has counts beyond the next view',
    seed: 134,
    choice: deadly,
    plant: () =>
      replace(Replay, 'view', (original) => (self, group, ...rest) => {
        const { hasSignal } = self as unknown as { hasSignal: Set<unknown> };
        const had = hasSignal.has(group);
        original(self, group, ...rest);
        if (had) hasSignal.add(group);
      }),
  },
  {
    name: 'a request that is put off leaves no trace in the history',
    seed: 6,
    choice: { ...deadly, earlySignals: true, changes: 0.08 },
    plant: () => replace(DeliveryHistory, 'putOff', () => nothing),
  },
];

/** Worlds that are played until one shows a bug, at most. */
const MOST_WORLDS = 200;

/** The first violation that a bug gives rise to. */
export function hunt({ seed: first, choice, plant }: ResumeBug): string | null {
  const remove = plant?.() ?? nothing;
  try {
    for (let seed = first; seed < first + MOST_WORLDS; seed++) {
      const [violation] = new ResumeWorld(seed, choice).run().violations;
      if (violation !== undefined) return `seed ${seed}: ${violation}`;
    }
    return null;
  } finally {
    remove();
  }
}
