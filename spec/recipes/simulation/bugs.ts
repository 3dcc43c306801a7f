/** Bugs in the recipes that are planted for some worlds of the simulator: each must be seen by the checker of its recipe. */
import { Buffer } from 'node:buffer';
import { CallCore } from '../../../lib/recipes/core/call.js';
import { ElectionCore } from '../../../lib/recipes/core/election.js';
import { BarrierMachine } from '../../../lib/recipes/core/machines/barrier.js';
import { CounterMachine } from '../../../lib/recipes/core/machines/counter.js';
import { LockMachine } from '../../../lib/recipes/core/machines/lock.js';
import { MapMachine } from '../../../lib/recipes/core/machines/map.js';
import { PresenceCore } from '../../../lib/recipes/core/presence.js';
import { ReplicatedCore } from '../../../lib/recipes/core/replicated/core.js';
import { encode, type Message } from '../../../lib/recipes/core/replicated/messages.js';
import { Submissions } from '../../../lib/recipes/core/replicated/submissions.js';
import { Submitters } from '../../../lib/recipes/core/replicated/submitters.js';
import { Watchdog } from '../../../daemon/engine/corosync/watchdog.js';
import { replace } from '../../simulation/bugs/planted.js';
import { huntFrom } from '../../support/seeds.js';
import { play, type PlayOptions } from './play.js';
import type { Rules, Subject } from './subject.js';
import { nothing, quorum, type RecipeBug, trustBugs } from './trust-bugs.js';
import { CounterSubject } from './subjects/counter.js';
import { electionSubject } from './subjects/election.js';
import { LedgerSubject } from './subjects/ledger.js';
import { LockSubject } from './subjects/lock.js';

const ledger = (rules: Rules): Subject[] => [new LedgerSubject(rules)];
const counter = (rules: Rules): Subject[] => [new CounterSubject(rules)];

/** Worlds that provoke it: one recipe, with all deeds for it. */
const alone = (profile: string, subjects: (rules: Rules) => Subject[]): PlayOptions => ({
  ...quorum,
  kind: 'ideal',
  profile,
  subjects,
});

/** Worlds in which Corosyncs hang, and a daemon that does not notice it. */
const hanging: PlayOptions = { ...quorum, kind: 'cpg', profile: 'corosync' };
const unnoticed = (): (() => void) =>
  replace(Watchdog, 'answered', (original) => (self) => original(self, Number.MAX_SAFE_INTEGER, 0));

const ordinaryBugs: readonly RecipeBug[] = [
  {
    name: 'a leader that keeps leading behind the transitional signal',
    recipe: 'election',
    plant: () => replace(ElectionCore, 'lapse', nothing),
  },
  {
    name: 'a term of the first claim instead of the highest',
    recipe: 'election',
    options: quorum,
    plant: () =>
      replace(ElectionCore, 'view', (original) => (self, view) => {
        const fields = self as { highest: number };
        fields.highest = 0;
        return original(self, view, 0);
      }),
  },
  {
    name: 'the last member leads at some',
    recipe: 'election',
    plant: () =>
      replace(ElectionCore, 'decide', (original) => (self, round, ...rest) => {
        const { speakers } = round as { speakers: string[] };
        const isOdd = (self as { self: string }).self.startsWith('#m3');
        return original(
          self,
          isOdd ? Object.create(round as object, { speakers: { value: speakers.toReversed() } }) : round,
          ...rest,
        );
      }),
  },
  {
    name: 'one out of reach is taken for one who left',
    recipe: 'members',
    plant: () =>
      replace(PresenceCore, 'lose', (original) => (self, who, _cause, now) => {
        (self as { away: Map<string, unknown> }).away.set((who as { id: string }).id, {
          who,
          until: now,
          how: 'forgotten',
        });
        return original(self, who, 'leave', now);
      }),
  },
  {
    name: 'nobody introduces itself to those who were parted',
    recipe: 'members',
    plant: () =>
      replace(PresenceCore, 'introduce', (original) => (self) => {
        const fields = self as { wasIntroduced?: boolean };
        if (!fields.wasIntroduced) original(self);
        fields.wasIntroduced = true;
      }),
  },
  {
    name: 'nobody answers one that comes to several',
    recipe: 'members',
    plant: () =>
      replace(PresenceCore, 'met', (original) => (self, sender, number) => {
        if (sender === (self as { self: string }).self) original(self, sender, number);
      }),
  },
  {
    name: 'a call whose last answer is a departure does not end',
    recipe: 'call',
    plant: () =>
      replace(CallCore, 'view', (original) => (self, view) => {
        const { pending } = self as { pending: Map<number, { deadline: number }> };
        for (const each of pending.values()) each.deadline = Infinity;
        return original(self, view);
      }),
  },
  {
    name: 'an answer is counted for whoever was asked first',
    recipe: 'call',
    plant: () =>
      replace(CallCore, 'answered', (original) => (self, sender, message) => {
        const { pending } = self as { pending: Map<unknown, { asked: string[] | null }> };
        const { call } = message as { readonly call: number };
        return original(self, pending.get(call)?.asked?.[0] ?? sender, message);
      }),
  },
  {
    name: 'a command that is sent again is applied again',
    recipe: 'ledger',
    options: alone('flapping', ledger),
    plant: () => replace(Submitters, 'take', () => () => 'next'),
  },
  {
    name: 'commands are agreed messages where they have to be safe',
    recipe: 'ledger',
    options: alone('flapping', ledger),
    plant: () =>
      replace(ReplicatedCore, 'send', () => (self, message) => {
        const { sink } = self as { sink: { send(body: Buffer, service: string): void } };
        sink.send(encode(message as Message), 'agreed');
      }),
  },
  {
    name: 'a result is told that no quorum stands behind',
    recipe: 'ledger',
    options: alone('nested', ledger),
    plant: () =>
      replace(
        Submissions,
        'settled',
        (original) => (self, ticket, outcome) => original(self, ticket, outcome, true),
      ),
  },
  {
    name: 'what came behind the transitional signal is dropped',
    seed: 17,
    recipe: 'ledger',
    options: { ...alone('flapping', ledger), kind: 'cpg' },
    plant: () =>
      replace(
        ReplicatedCore,
        'take',
        (original) => (self, component, input) =>
          (self as { isEnding: boolean }).isEnding
            ? (self as { replica: { drop(input: unknown): void } }).replica.drop(input)
            : original(self, component, input),
      ),
  },
  {
    name: 'one that remembers is enough for a quorum',
    seed: 16,
    recipe: 'ledger',
    options: { ...alone('three-way', ledger), steadyClocks: true },
    plant: () =>
      replace(ReplicatedCore, 'decide', (original) => (self) => {
        const fields = self as { electorate: { quorum: number; of: number } };
        const { electorate } = fields;
        fields.electorate = { ...electorate, of: electorate.quorum };
        original(self);
        fields.electorate = electorate;
      }),
  },
  {
    name: 'an addition counts twice at one of them',
    recipe: 'counter',
    options: alone('three-way', counter),
    plant: () =>
      replace(CounterMachine, 'act', (original) => (self, ...given) => {
        const [amount, info] = given as [number, { index: number }];
        return original(self, info.index % 50 === 49 ? 2 * amount : amount, info);
      }),
  },
  {
    name: 'the second one who adds a key wins',
    recipe: 'map',
    options: quorum,
    plant: () =>
      replace(
        MapMachine,
        'apply',
        (original) => (self, command) =>
          original(self, {
            ...(command as object),
            ...((command as { op: string }).op === 'add' && { op: 'set' }),
          }),
      ),
  },
  {
    name: 'a lock that stays with one who is gone',
    recipe: 'lock',
    options: quorum,
    plant: () => replace(LockMachine, 'keep', nothing),
  },
  {
    name: 'a token that does not grow',
    recipe: 'lock',
    options: quorum,
    plant: () =>
      replace(LockMachine, 'pass', (original) => (self) => {
        const { state } = self as { state: { token: number } };
        const { token } = state;
        original(self);
        state.token = Math.max(1, token);
      }),
  },
  {
    name: 'a lock that its holder keeps while its Corosync hangs',
    recipe: 'lock',
    options: { ...hanging, subjects: (rules) => [new LockSubject(rules)] },
    plant: unnoticed,
  },
  {
    name: 'a leader that leads on while its Corosync hangs',
    recipe: 'election',
    options: { ...hanging, subjects: (rules) => [electionSubject(rules)] },
    plant: unnoticed,
  },
  {
    name: 'a barrier that opens one too early',
    recipe: 'barrier',
    options: quorum,
    plant: () =>
      replace(
        BarrierMachine,
        'act',
        (original) => (self, command, info) => original(self, { ...(command as object), parties: 2 }, info),
      ),
  },
  {
    name: 'a barrier at which one who enters twice counts twice',
    recipe: 'barrier',
    options: quorum,
    plant: () =>
      replace(BarrierMachine, 'act', (original) => (self, command, info) => {
        const { state } = self as { state: { entered: object[] } };
        const before = [...state.entered];
        const result = original(self, command, info);
        if (state.entered.length > 0) state.entered = [...before, ...state.entered.slice(-1)];
        return result;
      }),
  },
];

const recipeBugs: readonly RecipeBug[] = [...ordinaryBugs, ...trustBugs];
/** One of each recipe, for a quick look. */
export const quickBugs: readonly RecipeBug[] = [
  ...new Map(recipeBugs.toReversed().map((bug) => [bug.recipe, bug])).values(),
];
/** The others. */
export const otherBugs: readonly RecipeBug[] = recipeBugs.filter((bug) => !quickBugs.includes(bug));

export interface Found {
  readonly seed: number;
  readonly fault: string;
}

/** Plays seeds until the checker of the recipe sees the bug. */
export function hunt(bug: RecipeBug, limit: number): Found | null {
  const { recipe, options } = bug;
  const from = huntFrom(bug.seed);
  const remove = bug.plant();
  try {
    for (let seed = from; seed < from + limit; seed++) {
      const fault = play(seed, options).find((each) => each.startsWith(`${recipe}: `));
      if (fault !== undefined) return { seed, fault };
    }
    return null;
  } finally {
    remove();
  }
}
