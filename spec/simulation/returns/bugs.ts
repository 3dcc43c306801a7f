/** Bugs that are planted in daemons and in the client library, each with the kind of worlds that provokes it. */
import { Acknowledgements } from '../../../daemon/core/acknowledgements.js';
import { DeliveryRecord } from '../../../daemon/core/delivery-record.js';
import { GroupMembership } from '../../../daemon/core/group-membership.js';
import { PastState } from '../../../daemon/core/past-state.js';
import { Resumption } from '../../../daemon/core/resumption.js';
import { Returns } from '../../../daemon/core/returns.js';
import { Ring } from '../../../daemon/core/ring.js';
import { SessionRecords } from '../../../daemon/core/session-records.js';
import { Sources } from '../../../daemon/core/sources.js';
import { Attachment } from '../../../daemon/session/attach.js';

import { KeptOutbox } from '../../../lib/client/resume/kept-outbox.js';
import { Move } from '../../../lib/client/resume/move.js';
import { Overlap } from '../../../lib/client/resume/overlap.js';
import { StreamPosition } from '../../../lib/client/resume/position.js';
import { ReturningMemberships } from '../../../lib/client/resume/returning-memberships.js';
import { GroupFollower } from '../../../lib/client/views/follower.js';
import type { ResumeGroup } from '../../../lib/wire/extension/resume.js';
import { replace } from '../bugs/planted.js';
import {
  all,
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
import type { ReturnsBug } from './hunt.js';
import { profiles } from './profiles.js';
import { sessionBugs } from './session-bugs.js';

const { mixed, deadly, restless, small, edges, hasty, named, drained } = profiles;

const nothing = (): undefined => undefined;
const no = () => (): boolean => false;

export const returnsBugs: readonly ReturnsBug[] = [
  { name: 'a position has no hash', seed: 28, profile: edges, plant: noHash },
  {
    name: 'an index counts in every view',
    seed: 1,
    profile: deadly,
    plant: anyView,
  },
  {
    name: 'a mark comes behind its events',
    seed: 1,
    profile: mixed,
    plant: () => {
      const marks = new WeakMap<object, unknown>();
      return replace(StreamPosition, 'marked', (original) => (self, mark) => {
        original(self, marks.get(self) ?? mark);
        marks.set(self, mark);
      });
    },
  },
  {
    name: 'a frame counts as one event, however many records it has',
    seed: 47,
    profile: restless,
    plant: countFrames,
  },
  {
    name: 'a signal counts as an event',
    seed: 1,
    profile: edges,
    plant: countSignals,
  },
  {
    name: 'a signal comes again that the client has',
    seed: 67,
    profile: deadly,
    plant: repeatSignals,
  },
  {
    name: 'repeats are not dropped in the order',
    seed: 2,
    profile: mixed,
    plant: () => replace(Sources, 'isRepeat', no),
  },
  {
    name: 'the table of sessions is not in the exchange',
    seed: 7,
    profile: deadly,
    plant: () => replace(Resumption, 'reported', () => () => [].values()),
  },
  {
    name: 'a request is acknowledged when it is ordered',
    seed: 58,
    profile: edges,
    plant: () =>
      replace(Acknowledgements, 'delivered', (original) => (self, record, number, index, isOwn) => {
        original(self, record, number, index, isOwn);
        (self as Acknowledgements).stableUpTo(index as number);
      }),
  },
  {
    name: 'a join counts as done when it is written',
    seed: 1,
    profile: restless,
    plant: () =>
      replace(ReturningMemberships, 'resumed', (original) => (self, ...rest) => {
        const groups = (self as unknown as { all: Map<string, { readonly group: unknown }> }).all;
        const asked = original(self, ...rest) as ResumeGroup[];
        const isKnown = ({ group }: ResumeGroup): boolean => groups.get(group)?.group !== null;
        return asked.map((each) => (isKnown(each) ? each : Object.assign({}, each, { wanted: false })));
      }),
  },
  {
    name: 'a client sends again in another order',
    seed: 1,
    profile: mixed,
    plant: () =>
      replace(KeptOutbox, 'renameAll', (original) => (self, batches, ...rest) => {
        (batches as unknown[]).reverse();
        return original(self, batches, ...rest);
      }),
  },
  {
    name: 'the own join in the ring is overlooked',
    seed: 1,
    profile: restless,
    plant: overlookJoins,
  },
  {
    name: 'a session is live before everything is read',
    seed: 1,
    profile: mixed,
    plant: goLiveEarly,
  },
  {
    name: 'what the core delivers goes beside the replay',
    seed: 1,
    profile: mixed,
    plant: () => replace(Attachment, 'withholds', no),
  },
  {
    name: 'what the ring has evicted is skipped without a gap',
    seed: 1,
    profile: small,
    plant: skipEvicted,
  },
  {
    name: 'the present list is taken for that of the own join',
    seed: 10002,
    profile: small,
    plant: () => replace(ReturningMemberships, 'joinMissed', () => nothing),
  },
  {
    name: 'the return of a lower try is accepted',
    seed: 38,
    profile: hasty,
    plant: () => replace(Returns, 'isOutdated', no),
  },
  {
    name: 'the old name stays',
    seed: 5,
    profile: mixed,
    plant: () =>
      replace(
        Returns,
        'move',
        (original) =>
          (self, names, ...rest) =>
            original(self, { ...(names as object), before: '' }, ...rest),
      ),
  },
  {
    name: 'the new name joins before the old one leaves',
    seed: 1,
    profile: mixed,
    plant: () =>
      replace(
        Returns,
        'move',
        (original) =>
          function* (self, names, ...rest) {
            const { before } = names as { readonly before: string };
            yield* original(self, { ...(names as object), before: '' }, ...rest) as Generator<number>;
            yield* (self as unknown as { views: GroupMembership }).views.disconnect(before);
          },
      ),
  },
  {
    name: 'a name of before stays one when somebody else has it',
    seed: 19,
    profile: named,
    plant: () => replace(SessionRecords, 'endName', () => nothing),
  },
  {
    name: 'a name of before is given away at once',
    seed: 107,
    profile: named,
    plant: () => replace(Resumption, 'isFree', () => () => true),
  },
  {
    name: 'a replay follows a name that is another session’s by now',
    seed: 19,
    profile: named,
    plant: () =>
      replace(DeliveryRecord, 'renamed', (original) => (self, sid, names, before) => {
        original(self, sid, [...new Set([...(names as string[]), ...(before as string[])])], before);
      }),
  },
  {
    name: 'a join that the old home still has is carried out',
    seed: 12,
    profile: restless,
    plant: () => replace(Resumption, 'isStale', no),
  },
  {
    name: 'own messages that discard themselves come in a replay',
    seed: 2,
    profile: mixed,
    plant: () => replace(Ring, 'discard', () => nothing),
  },
  {
    name: 'the groups of now count, and not those of the mark',
    seed: 4,
    profile: restless,
    plant: groupsOfNow,
  },
  {
    name: 'a replay brings repeats that were dropped',
    seed: 17,
    profile: mixed,
    plant: keepRepeats,
  },
  {
    name: 'observers of a group that has vanished get nothing',
    seed: 1,
    profile: deadly,
    plant: hideVanished,
  },
  {
    name: 'a list of the past has who came with the present',
    seed: 4,
    profile: restless,
    plant: () =>
      replace(
        PastState,
        'membersBehind',
        (original) => (self, group, place) =>
          original(self, group, { ...(place as object), number: Infinity }),
      ),
  },
  {
    name: 'the own return is not recognized where the former name is lost',
    seed: 3,
    profile: mixed,
    plant: () =>
      all(
        replace(Returns, 'nameToTell', () => (_, before) => (before === '' ? null : before)),
        replace(GroupFollower, 'isReturn', (original) => (self, record) => {
          const { returned } = record as { readonly returned: string | null };
          return returned !== null && original(self, record);
        }),
      ),
  },
  {
    name: 'a move hands on what both daemons bring',
    seed: 11,
    profile: drained,
    plant: () => replace(Overlap, 'isNewEvent', (original) => (self) => original(self) !== undefined),
  },
  {
    name: 'a move is complete in any daemon view',
    seed: 192,
    profile: drained,
    plant: () =>
      replace(
        Move,
        'ended',
        () => (self) => (self as unknown as { readonly timer: { cancel(): void } }).timer.cancel(),
      ),
  },
  ...sessionBugs,
];
