/** Bugs that are planted in what follows the list of a group, each with the worlds that provoke it. */
import type { GroupFollower } from '../../../lib/client/views/follower.js';
import { CompactMembers } from '../../../lib/client/views/members.js';
import type { MemberList } from '../../../lib/util/member-list.js';
import type { Network } from '../../../lib/wire/extension/network.js';
import type { CompactWorldOptions, Plant } from './compact-world.js';

type Method<Args extends readonly unknown[], Result> = (...args: Args) => Result;

/** Puts another method in the place of one of the follower, private ones included. */
function patch<Args extends readonly unknown[], Result>(
  target: GroupFollower,
  method: string,
  make: (original: Method<Args, Result>) => Method<Args, Result>,
): void {
  const original: unknown = Reflect.get(target, method);
  if (typeof original !== 'function') throw new Error(`expected a method ${method} to plant a bug in`);
  const bound = original.bind(target) as Method<Args, Result>;
  Object.defineProperty(target, method, { value: make(bound), configurable: true });
}

const listOf = (follower: GroupFollower): MemberList | null =>
  Reflect.get(follower, 'list') as MemberList | null;

export interface PlantedBug {
  readonly name: string;
  readonly worlds: CompactWorldOptions;
  readonly plant: Plant;
}

const right: CompactWorldOptions = { steps: 60, others: 6, faults: 0, onDemand: false };
const wrong: CompactWorldOptions = { ...right, faults: 0.3 };
const onDemand: CompactWorldOptions = { ...right, onDemand: true };

export const bugs: readonly PlantedBug[] = [
  {
    name: 'views that share the chunks of the list as it is now',
    worlds: right,
    plant: (follower) =>
      patch(follower, 'membersNow', (make) => () => {
        const list = listOf(follower);
        return list
          ? new CompactMembers(
              'g',
              list.chunks.map(({ items }) => items),
            )
          : make();
      }),
  },
  {
    name: 'views of one frame that all show its last list',
    worlds: right,
    plant: (follower) => {
      let shared: unknown = null;
      patch(follower, 'membersNow', (make) => () => (shared ??= make()));
      patch<readonly [readonly { readonly members: CompactMembers }[], ...unknown[]], void>(
        follower,
        'showChecked',
        (show) =>
          (views, ...rest) => {
            const list = listOf(follower);
            shared = null;
            if (list) for (const { members } of views) members.list([list.toArray()]);
            show(views, ...rest);
          },
      );
    },
  },
  {
    name: 'an own place that changes of others do not move',
    worlds: right,
    plant: (follower) =>
      patch(follower, 'apply', (apply) => (record) => {
        const { myIndex } = follower;
        apply(record);
        follower.myIndex = myIndex;
      }),
  },
  {
    name: 'a list of another order that is changed as if it had the old one',
    worlds: right,
    plant: (follower) =>
      patch<readonly [Network], void>(follower, 'takeNetwork', (take) => (frame) => {
        take({ ...frame, reordered: false });
      }),
  },
  {
    name: 'those who left in the order of the frame, with those who came again',
    worlds: right,
    plant: (follower) =>
      patch<readonly [Network], readonly string[]>(
        follower,
        'leftOf',
        () =>
          ({ gone }) =>
            gone,
      ),
  },
  {
    name: 'a list that is kept over a leave',
    worlds: { ...onDemand, steps: 150 },
    plant: (follower) => patch(follower, 'left', () => () => follower.id),
  },
  {
    name: 'a list on demand that is not followed',
    worlds: onDemand,
    plant: (follower) =>
      patch(follower, 'answered', (answered) => (...args) => {
        answered(...args);
        Reflect.set(follower, 'list', null);
        Reflect.set(follower, 'isWanted', false);
      }),
  },
  {
    name: 'no check of the list',
    worlds: wrong,
    plant: (follower) => patch(follower, 'wrong', () => () => undefined),
  },
  {
    name: 'the wrong list in the views of its frame',
    worlds: wrong,
    plant: (follower) =>
      patch(follower, 'wrong', (note) => (...args) => {
        const list = listOf(follower);
        if (list) Reflect.set(follower, 'shown', [list.toArray()]);
        note(...args);
      }),
  },
  {
    name: 'an answer that the newest view does not show',
    worlds: wrong,
    plant: (follower) =>
      patch(follower, 'answered', (answered) => (...args) => {
        Reflect.set(follower, 'members', new CompactMembers('g', null));
        answered(...args);
      }),
  },
  {
    name: 'parts of a list that wait for the missing ones',
    worlds: wrong,
    plant: (follower) => patch(follower, 'endParts', () => () => undefined),
  },
  {
    name: 'a new order that the newest view shows, too',
    worlds: right,
    plant: (follower) => patch(follower, 'answered', (answered) => (answer) => answered(answer, false)),
  },
];
