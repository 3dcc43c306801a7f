/** Bugs in the recipes that are planted for some worlds of the simulator: each must be seen by the checker of its recipe. */
import { Buffer } from 'node:buffer';
import { CallCore } from '../../../lib/recipes/core/call.js';
import { Claims } from '../../../lib/primary/claims.js';
import { ElectionCore } from '../../../lib/recipes/core/election.js';
import { BarrierMachine } from '../../../lib/recipes/core/machines/barrier.js';
import { CounterMachine } from '../../../lib/recipes/core/machines/counter.js';
import { LockMachine } from '../../../lib/recipes/core/machines/lock.js';
import { MapMachine } from '../../../lib/recipes/core/machines/map.js';
import { PresenceCore } from '../../../lib/recipes/core/presence.js';
import { MembersOnly } from '../../../lib/recipes/core/members-only.js';
import type { RecipeCore } from '../../../lib/recipes/core/port.js';
import { ReplicatedCore } from '../../../lib/recipes/core/replicated/core.js';
import { SnapshotSender, type DonorSink } from '../../../lib/recipes/core/replicated/snapshot-sender.js';
import { encode, type Message } from '../../../lib/recipes/core/replicated/messages.js';
import { Replica } from '../../../lib/recipes/core/replicated/replica.js';
import { Submissions } from '../../../lib/recipes/core/replicated/submissions.js';
import { Submitters } from '../../../lib/recipes/core/replicated/submitters.js';
import { Watchdog } from '../../../daemon/engine/corosync/watchdog.js';
import { replace } from '../../simulation/bugs/planted.js';
import { play, type PlayOptions } from './play.js';
import type { Rules, Subject } from './subject.js';
import { BarrierSubject } from './subjects/barrier.js';
import { CounterSubject } from './subjects/counter.js';
import { electionSubject } from './subjects/election.js';
import { LedgerSubject } from './subjects/ledger.js';
import { LockSubject } from './subjects/lock.js';
import { MapSubject } from './subjects/map.js';

export interface RecipeBug {
  readonly name: string;
  /** Recipe whose checker has to see it. */
  readonly recipe: string;
  readonly options?: PlayOptions;
  /** Plants it. @returns what takes it out */
  plant(): () => void;
}

const nothing = () => (): void => undefined;
const quorum: PlayOptions = { rules: { quorum: 3 } };
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

/** Worlds with strangers and liars, who have one group for all that they say. */
const guestsIn = (subject: (rules: Rules) => Subject): PlayOptions => ({
  ...quorum,
  kind: 'ideal',
  guests: true,
  subjects: (rules) => [subject(rules)],
});
const replicated = {
  ledger: (rules: Rules) => new LedgerSubject(rules),
  counter: (rules: Rules) => new CounterSubject(rules),
  map: (rules: Rules) => new MapSubject(rules),
  lock: (rules: Rules) => new LockSubject(rules),
  barrier: (rules: Rules) => new BarrierSubject(rules),
} as const;

const strangersCount = (): (() => void) =>
  replace(MembersOnly, 'message', () => (self, sender, body, now) => {
    const { core } = self as { core: RecipeCore };
    core.message(sender as string, body as Buffer, now as number);
  });

const allClaimsCount = (): (() => void) => replace(Claims, 'doubtful', () => () => null);

/** Faults that only strangers and liars make use of. */
const trustBugs: readonly RecipeBug[] = [
  ...Object.entries(replicated).map(([recipe, subject]) => ({
    name: `the word of a stranger counts in a ${recipe}`,
    recipe,
    options: guestsIn(subject),
    plant: strangersCount,
  })),
  {
    name: 'what is for all counts when one member is told it',
    recipe: 'ledger',
    options: guestsIn(replicated.ledger),
    plant: () =>
      replace(MembersOnly, 'direct', () => (self, sender, body, now) => {
        const { core } = self as { core: RecipeCore };
        core.message(sender as string, body as Buffer, now as number);
      }),
  },
  {
    name: 'an envelope of version 1 is read',
    recipe: 'counter',
    options: guestsIn(replicated.counter),
    plant: () =>
      replace(MembersOnly, 'message', (original) => (self, sender, body, ...rest) => {
        const copy = Buffer.from(body as Buffer);
        if (copy[0] === 0x53) copy[2] = 2;
        original(self, sender, copy, ...rest);
      }),
  },
  {
    name: 'a term far above all others counts',
    recipe: 'election',
    options: guestsIn(electionSubject),
    plant: allClaimsCount,
  },
  {
    name: 'a claim counts though it was not sent as a safe message',
    recipe: 'election',
    options: { ...guestsIn(electionSubject), profile: 'three-way', pace: 3 },
    plant: () =>
      replace(MembersOnly, 'message', (original) => (self, sender, body, now) => {
        original(self, sender, body, now, 'safe');
      }),
  },
  {
    name: 'an epoch far above all others counts',
    recipe: 'ledger',
    options: guestsIn(replicated.ledger),
    plant: allClaimsCount,
  },
  {
    name: 'a time far above all others counts for a token',
    recipe: 'lock',
    options: guestsIn(replicated.lock),
    plant: () =>
      replace(LockMachine, 'counted', (original) => (self, member, shown) => {
        original(self, member, shown);
        return shown;
      }),
  },
  {
    name: 'whoever knows the numbers of a holder releases its lock',
    recipe: 'lock',
    options: guestsIn(replicated.lock),
    plant: () =>
      replace(LockMachine, 'act', (original) => (self, command, info) => {
        const { op, instance } = command as { op: string; instance: number };
        const { holder } = self as LockMachine;
        const isKnown = op === 'release' && holder?.instance === instance;
        return original(self, command, isKnown ? { ...(info as object), sender: holder.member } : info);
      }),
  },
  {
    name: 'the number of a process proves who it is',
    recipe: 'counter',
    options: guestsIn(replicated.counter),
    plant: () => {
      const nobody = (): (() => void)[] =>
        ['take', 'lastOf'].map((method) =>
          replace(
            Submitters,
            method,
            (original) =>
              (self, _member, ...rest) =>
                original(self, 'anybody', ...rest),
          ),
        );
      const plants = nobody();
      return () => {
        for (const remove of plants) remove();
      };
    },
  },
  {
    name: 'one member is remembered as any number of processes',
    recipe: 'lock',
    options: guestsIn(replicated.lock),
    plant: () => replace(Submitters, 'makeRoom', nothing),
  },
  {
    name: 'the pieces of a merge never end',
    recipe: 'ledger',
    options: guestsIn(replicated.ledger),
    plant: () => replace(Replica, 'isWithinBounds', () => () => true),
  },
  {
    name: 'a snapshot for whoever pulls',
    recipe: 'map',
    options: guestsIn(replicated.map),
    plant: () =>
      replace(SnapshotSender, 'pulled', () => (self, from, pull) => {
        const { sink } = self as { sink: DonorSink };
        const { capture, offset, until, restart } = pull as Message & { kind: 'pull' };
        sink.supply(capture, from as string, offset, until, restart);
      }),
  },
];

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
      replace(ElectionCore, 'decide', (original) => (self, round) => {
        const { speakers } = round as { speakers: string[] };
        const isOdd = (self as { self: string }).self.startsWith('#m3');
        return original(
          self,
          isOdd ? Object.create(round as object, { speakers: { value: speakers.toReversed() } }) : round,
        );
      }),
  },
  {
    name: 'one out of reach is taken for one who left',
    recipe: 'members',
    plant: () =>
      replace(PresenceCore, 'lose', (original) => (self, who, _cause, now) => {
        (self as { away: Map<string, unknown> }).away.set((who as { name: string }).name, {
          who,
          until: now,
        });
        return original(self, who, 'leave', now);
      }),
  },
  {
    name: 'nobody introduces itself to those who were parted',
    recipe: 'members',
    plant: () =>
      replace(PresenceCore, 'introduce', (original) => (self, since) => {
        const fields = self as { wasIntroduced?: boolean };
        if (!fields.wasIntroduced) original(self, since);
        fields.wasIntroduced = true;
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
      replace(CallCore, 'answered', (original) => (self, sender, call, ...rest) => {
        const { pending } = self as { pending: Map<unknown, { asked: string[] | null }> };
        return original(self, pending.get(call)?.asked?.[0] ?? sender, call, ...rest);
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
    recipe: 'ledger',
    options: alone('three-way', ledger),
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
      replace(CounterMachine, 'act', (original) => (self, amount, info) => {
        const { index } = info as { index: number };
        return original(self, index % 50 === 49 ? 2 * Number(amount) : amount, info);
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
  const remove = bug.plant();
  try {
    for (let seed = 1; seed <= limit; seed++) {
      const fault = play(seed, options).find((each) => each.startsWith(`${recipe}: `));
      if (fault !== undefined) return { seed, fault };
    }
    return null;
  } finally {
    remove();
  }
}
