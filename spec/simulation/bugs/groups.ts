/** Bugs in the groups and the sessions, over the ideal engine. */
import type { Buffer } from 'node:buffer';
import { Batcher } from '../../../daemon/core/batcher.js';
import { StateExchange } from '../../../daemon/core/exchange.js';
import { GroupMembership } from '../../../daemon/core/group-membership.js';
import { Group, type Member } from '../../../daemon/core/group.js';
import { Groups } from '../../../daemon/core/groups.js';
import type { Request } from '../../../daemon/core/request.js';
import { Requests } from '../../../daemon/core/requests.js';
import { Roster } from '../../../daemon/core/roster.js';
import { Routing } from '../../../daemon/core/routing.js';
import { Settlement } from '../../../daemon/core/settlement.js';
import { ViewChange } from '../../../daemon/core/view-change.js';
import { ViewTimestamps } from '../../../daemon/core/view-timestamps.js';
import { Workbench } from '../../../daemon/core/work.js';
import { SendQueue } from '../../../daemon/session/send-queue.js';
import { SessionServer } from '../../../daemon/session/server.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS, SELF_DISCARD } from '../../../lib/wire/service.js';
import { type Bug, replace } from './planted.js';

const worlds = (profile: string): Bug['choice'] => ({ kind: 'ideal', profile });

/** Requests often stand behind a safe message that is not stable when the view ends. */
const heldRequests: Bug['choice'] = {
  ...worlds('churn'),
  change: { safe: 0.7, churn: 0.5, pace: 60 },
  ideal: { delay: 30 },
};

const nothing = () => (): void => undefined;

/** Forgets requests that were put off over a change of the daemon view. */
const forget =
  (kind: number): Bug['plant'] =>
  () =>
    replace(Requests, 'release', (original) => (self, daemons, requests) => {
      const kept = (requests as Request[]).filter((each) => each.kind !== kind);
      return original(self, daemons, kept);
    });

export const groupBugs: readonly Bug[] = [
  {
    name: 'no transitional signal',
    choice: worlds('partition'),
    plant: () => replace(GroupMembership, 'transition', () => () => [].values()),
  },
  {
    name: 'a transitional signal for each cut of a cascade',
    choice: worlds('nested'),
    plant: () =>
      replace(GroupMembership, 'transition', (original) => (self, stays) => {
        for (const group of (self as { groups: Groups }).groups.values()) group.inTransition = false;
        return original(self, stays);
      }),
  },
  {
    name: 'a transitional signal for groups that lose nobody',
    choice: worlds('crash'),
    plant: () =>
      replace(
        GroupMembership,
        'transition',
        (original) => (self, stays) =>
          original(self, (daemon: string) => (stays as (name: string) => boolean)(daemon) && daemon === 'd1'),
      ),
  },
  {
    name: 'a vs set is skipped',
    choice: worlds('partition'),
    plant: () =>
      replace(Settlement, 'setsOf', (original) => (self, group) => {
        const sets = original(self, group) as Map<string, Buffer[]>;
        if (sets.size > 1) sets.delete([...sets.keys()].findLast((key) => key !== '') ?? '');
        return sets;
      }),
  },
  {
    name: 'all vs sets are one',
    seed: 12,
    choice: worlds('partition'),
    plant: () =>
      replace(
        Settlement,
        'setsOf',
        () => (_, group) => new Map([['', (group as Group).members.toArray().map(({ field }) => field)]]),
      ),
  },
  { name: 'a leave is forgotten in a cascade', choice: heldRequests, plant: forget(LEAVE_MESS) },
  { name: 'a join is forgotten in a cascade', choice: heldRequests, plant: forget(JOIN_MESS) },
  { name: 'a disconnect is forgotten in a cascade', choice: heldRequests, plant: forget(KILL_MESS) },
  {
    name: 'requests are carried out between the cut and the view',
    seed: 28,
    choice: worlds('churn'),
    plant: () => replace(Requests, 'hold', nothing),
  },
  {
    name: 'requests that were put off are carried out in another order at one daemon',
    choice: heldRequests,
    plant: () =>
      replace(Requests, 'release', (original) => (self, daemons, requests) => {
        const { roster } = self as { roster: object };
        const { daemon } = roster as { daemon: string };
        const isOdd = daemon === 'd2';
        return original(self, daemons, isOdd ? (requests as Request[]).toReversed() : requests);
      }),
  },
  {
    name: 'a join does not change the group id',
    choice: worlds('calm'),
    plant: () => replace(Groups, 'advance', () => (_, group) => (group as Group).id),
  },
  {
    name: 'the counter of a group that is gone is forgotten',
    choice: { kind: 'ideal', profile: 'calm', change: { churn: 0.7, clients: 6 } },
    plant: () =>
      replace(Groups, 'delete', (original) => (self, group) => {
        original(self, group);
        (self as { gone: Map<string, number> }).gone.clear();
      }),
  },
  {
    name: 'the time of a daemon view is used twice',
    seed: 70,
    choice: worlds('flapping'),
    plant: () => replace(ViewTimestamps, 'propose', () => () => 1_700_000_000),
  },
  {
    name: 'members stand in the order of their joins',
    choice: worlds('calm'),
    plant: () =>
      replace(Group, 'add', () => (self, member) => {
        const group = self as Group;
        const added = member as Member;
        group.members.push(added);
        added.groups.add(group);
        if (added.session) group.local.push(added.session);
      }),
  },
  {
    name: 'a discarding sender gets its copy',
    choice: worlds('calm'),
    plant: () =>
      replace(
        Routing,
        'route',
        (original) => (self, bytes, start, end, service, groups) =>
          original(self, bytes, start, end, (service as number) & ~SELF_DISCARD, groups),
      ),
  },
  {
    name: 'a message to several groups comes once for each',
    choice: worlds('calm'),
    plant: () =>
      replace(Routing, 'scatter', (original) => (self, bytes, start, end, groups) => {
        original(self, bytes, start, end, groups);
        if ((groups as number) > 1) original(self, bytes, start, end, groups);
      }),
  },
  {
    name: 'safe messages go out as agreed ones',
    choice: { kind: 'ideal', profile: 'safe' },
    plant: () =>
      replace(
        Batcher,
        'add',
        (original) => (self, bytes, start, end) => original(self, bytes, start, end, false),
      ),
  },
  {
    name: 'a turn is ordered from its end',
    choice: worlds('load'),
    plant: () =>
      replace(Batcher, 'flush', (original) => (self) => {
        (self as { close(): void }).close();
        (self as { ready: unknown[] }).ready.reverse();
        return original(self);
      }),
  },
  {
    name: 'an exchange does not wait for the last report',
    choice: worlds('partition'),
    plant: () =>
      replace(StateExchange, 'hasHeads', () => (self) => {
        const { reporters } = self as { reporters: { head: object | null }[] };
        const missing = reporters.filter(({ head }) => head === null).length;
        const hasHeads = missing === 0 || (missing === 1 && reporters.length > 2);
        if (hasHeads)
          for (const each of reporters) each.head ??= reporters.find(({ head }) => head)?.head ?? null;
        return hasHeads;
      }),
  },
  {
    name: 'the past does not change when a daemon view comes',
    choice: worlds('flapping'),
    plant: () =>
      replace(ViewChange, 'installView', (original) => (self, view) => {
        const { past } = self as { past: bigint };
        Object.defineProperty(self, 'past', { configurable: true, get: () => past, set() {} });
        original(self, view);
        Object.defineProperty(self, 'past', { configurable: true, writable: true, value: past });
      }),
  },
  {
    name: 'who lost members in a cancelled change is forgotten',
    choice: worlds('nested'),
    plant: () =>
      replace(ViewChange, 'installView', (original) => (self, view) => {
        for (const group of (self as { groups: Groups }).groups.values()) group.inTransition = false;
        return original(self, view);
      }),
  },
  {
    name: 'a name is not free again',
    choice: worlds('churn'),
    plant: () =>
      replace(Roster, 'remove', () => (self, session) => {
        (self as { sessions: { delete(session: unknown): void } }).sessions.delete(session);
      }),
  },
  {
    name: 'a disconnect forgets one of the groups',
    choice: worlds('churn'),
    plant: () =>
      replace(GroupMembership, 'disconnect', (original) => (self, name) => {
        const member = (self as { members: Map<string, Member> }).members.get(name as string);
        const [first] = member?.groups ?? [];
        if (first && member && member.groups.size > 1) member.groups.delete(first);
        return original(self, name);
      }),
  },
  {
    name: 'a slow session misses a message',
    choice: worlds('slow'),
    plant: () => {
      let pushes = 0;
      return replace(SendQueue, 'push', (original) => (self, bytes, start, end, messages) => {
        const { writing } = self as { writing: object | null };
        if (writing !== null && ++pushes % 3 === 0) return;
        original(self, bytes, start, end, messages);
      });
    },
  },
  {
    name: 'what a slow session gets is written twice',
    choice: worlds('slow'),
    plant: () =>
      replace(SendQueue, 'take', (original) => (self) => {
        const batch = original(self) as { buffers: Buffer[] };
        if (batch.buffers.length > 1) batch.buffers.push(batch.buffers[0] as Buffer);
        return batch;
      }),
  },
  {
    name: 'clients are not read again after the engine was behind',
    choice: worlds('pressure'),
    plant: () => replace(SessionServer, 'resume', nothing),
  },
  {
    name: 'a damaged report stalls the exchange',
    choice: worlds('mixed'),
    plant: () => replace(StateExchange, 'isToSpeak', () => () => false),
  },
  {
    name: 'a daemon is left out by the word of one, before the others have spoken',
    choice: worlds('mixed'),
    plant: () =>
      replace(StateExchange, 'takeJudgement', () => (self) => {
        const { isJudged, reporters } = self as {
          isJudged: boolean;
          reporters: { name: string; verdict: readonly { daemon: string }[] | null }[];
        };
        const accuser = reporters.find(({ verdict }) => (verdict?.length ?? 0) > 0);
        if (isJudged || !accuser) return null;
        (self as { isJudged: boolean }).isJudged = true;
        // And it is the wrong one.
        return [{ daemon: accuser.name, text: 'has spoken' }];
      }),
  },
  {
    name: 'what comes in while work is done in slices overtakes it',
    choice: worlds('tables'),
    plant: () => replace(Workbench, 'isBusy', () => () => false),
  },
  {
    name: 'the end of an exchange is told to the engine when it is in the next view already',
    choice: { ...worlds('tables'), change: { faults: 60 } },
    plant: () =>
      replace(ViewChange, 'complete', (original) => (self, exchange) => {
        Object.assign(self, { isPresent: () => true });
        return original(self, exchange);
      }),
  },
  {
    name: 'members of daemons with another past are forgotten in large tables',
    choice: worlds('tables'),
    plant: () =>
      replace(StateExchange, 'part', (original) => (self, part, reporter) => {
        const { groups, ...rest } = part as { groups: unknown[] };
        const kept = groups.length > 40 ? groups.slice(0, -1) : groups;
        original(self, { ...rest, groups: kept }, reporter, false);
      }),
  },
  {
    name: 'messages of a daemon that alone completed the exchange come without a signal before them',
    // Caught where such a daemon has a join or leave and then a safe message ordered, before it is excluded.
    choice: {
      ...worlds('mixed-cuts'),
      change: {
        daemons: 4,
        clients: 20,
        safe: 0.9,
        churn: 0.5,
        pace: 20,
        duration: 1500,
        faults: 150,
        lasts: [200, 500],
        mix: { 'unread-loss': 1 },
      },
      ideal: { delay: 1, merge: 400 },
    },
    plant: () => replace(ViewChange, 'partFrom', () => () => [].values()),
  },
];
