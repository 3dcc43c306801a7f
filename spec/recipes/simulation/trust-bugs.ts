/** Bugs that only strangers, liars and clocks make use of, planted as those of `bugs.ts`. */
import { Buffer } from 'node:buffer';
import { Claims } from '../../../lib/primary/claims.js';
import { ElectionCore } from '../../../lib/recipes/core/election.js';
import { BarrierMachine } from '../../../lib/recipes/core/machines/barrier.js';
import { LockMachine } from '../../../lib/recipes/core/machines/lock.js';
import { MembersOnly } from '../../../lib/recipes/core/members-only.js';
import type { RecipeCore } from '../../../lib/recipes/core/port.js';
import { PresenceCore } from '../../../lib/recipes/core/presence.js';
import type { Message } from '../../../lib/recipes/core/replicated/messages.js';
import { Replica } from '../../../lib/recipes/core/replicated/replica.js';
import { SnapshotSender, type DonorSink } from '../../../lib/recipes/core/replicated/snapshot-sender.js';
import { Submitters } from '../../../lib/recipes/core/replicated/submitters.js';
import { StatementRound } from '../../../lib/recipes/core/statement-round.js';
import { replace } from '../../simulation/bugs/planted.js';
import type { PlayOptions } from './play.js';
import type { Rules, Subject } from './subject.js';
import { BarrierSubject } from './subjects/barrier.js';
import { callSubject } from './subjects/call.js';
import { CounterSubject } from './subjects/counter.js';
import { electionSubject } from './subjects/election.js';
import { LedgerSubject } from './subjects/ledger.js';
import { LockSubject } from './subjects/lock.js';
import { MapSubject } from './subjects/map.js';
import { membersSubject } from './subjects/members.js';

export interface RecipeBug {
  readonly name: string;
  /** A world that shows it, where those before it do not: see `huntFrom`. */
  readonly seed?: number;
  /** Recipe whose checker has to see it. */
  readonly recipe: string;
  readonly options?: PlayOptions;
  /** Plants it. @returns what takes it out */
  plant(): () => void;
}

/** In the place of a method: does nothing. */
export const nothing = () => (): void => undefined;
export const quorum: PlayOptions = { rules: { quorum: 3 } };

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

/** Several plants at once. */
const all =
  (...plants: readonly (() => () => void)[]) =>
  (): (() => void) => {
    const removals = plants.map((plant) => plant());
    return () => {
      for (const remove of removals) remove();
    };
  };

/** Where every component goes on by itself. */
const withoutQuorum = (options: PlayOptions): PlayOptions => ({ ...options, rules: { quorum: null } });

/** Worlds in which two liars have taken terms to their end. */
export const atTheEnd: PlayOptions = {
  ...withoutQuorum(guestsIn((rules) => electionSubject(rules, { endsTerms: true }))),
  endsTerms: true,
};

/** Commands that a machine refuses, and those that it takes when it does not look at everything. */
const unchecked = (machine: { readonly prototype: object }, isTaken: (command: Fields) => boolean) => () =>
  replace(
    machine,
    'isCommand',
    (original) => (self, command) => original(self, command) === true || isTaken(Object(command) as Fields),
  );

type Fields = Record<string, unknown>;

const allClaimsCount = (): (() => void) => replace(Claims, 'doubtful', () => () => null);

export const trustBugs: readonly RecipeBug[] = [
  ...Object.entries(replicated).map(([recipe, subject]) => ({
    name: `the word of a stranger counts in a ${recipe}`,
    recipe,
    options: guestsIn(subject),
    plant: strangersCount,
  })),
  {
    name: 'the word of a stranger counts in an election',
    recipe: 'election',
    options: withoutQuorum(guestsIn(electionSubject)),
    plant: all(
      strangersCount,
      () =>
        replace(StatementRound, 'state', (original) => (self, member, ...rest) => {
          const { order } = self as StatementRound<unknown>;
          (self as { members: ReadonlySet<unknown> }).members = new Set([...order, member]);
          return original(self, member, ...rest);
        }),
      () =>
        replace(
          StatementRound,
          'speakers',
          () => (self) => [...(self as { stated: Map<string, unknown> }).stated.keys()].toSorted(),
        ),
    ),
  },
  {
    name: 'a handler is called by a stranger',
    recipe: 'call',
    options: guestsIn(callSubject),
    plant: strangersCount,
  },
  {
    name: 'a stranger is announced as a member',
    recipe: 'members',
    options: guestsIn(membersSubject),
    plant: all(strangersCount, () =>
      replace(PresenceCore, 'message', (original) => (self, sender, ...rest) => {
        const fields = self as { present: readonly unknown[] };
        const { present } = fields;
        fields.present = [...present, sender];
        const reason = original(self, sender, ...rest);
        fields.present = present;
        return reason;
      }),
    ),
  },
  {
    name: 'a claim that ends the round alone counts for all',
    recipe: 'election',
    options: withoutQuorum(guestsIn(electionSubject)),
    plant: () =>
      replace(ElectionCore, 'follow', (original) => (self, ...rest) => {
        (self as { isAlone: boolean }).isAlone = false;
        return original(self, ...rest);
      }),
  },
  {
    name: 'a floor above the last term',
    recipe: 'election',
    options: atTheEnd,
    plant: () =>
      replace(
        ElectionCore,
        'nextClaim',
        () => (self, now) => Math.max((self as { highest: number }).highest + 1, Math.floor(Number(now))),
      ),
  },
  {
    name: 'terms by the clock alone',
    recipe: 'election',
    options: withoutQuorum({ ...quorum, kind: 'ideal', subjects: (rules) => [electionSubject(rules)] }),
    plant: () => replace(ElectionCore, 'nextClaim', () => (_self, now) => Math.floor(Number(now))),
  },
  {
    name: 'tokens by the clock alone',
    recipe: 'lock',
    options: { ...quorum, kind: 'ideal', subjects: (rules) => [new LockSubject(rules)] },
    plant: () =>
      replace(LockMachine, 'pass', (original) => (self) => {
        const { holder } = self as LockMachine;
        original(self);
        const now = (self as LockMachine).holder;
        if (now && now !== holder) (self as unknown as { state: { token: number } }).state.token = now.now;
      }),
  },
  {
    name: 'a command that nobody knows is taken for another one',
    recipe: 'lock',
    options: guestsIn(replicated.lock),
    plant: unchecked(LockMachine, ({ op }) => !['begin', 'acquire', 'release'].includes(String(op))),
  },
  {
    name: 'an asking for the lock without a time',
    seed: 50,
    recipe: 'lock',
    options: guestsIn(replicated.lock),
    plant: unchecked(LockMachine, ({ op, now }) => op === 'acquire' && !Number.isFinite(now)),
  },
  {
    name: 'a barrier for nobody',
    seed: 21,
    recipe: 'barrier',
    options: guestsIn(replicated.barrier),
    plant: unchecked(BarrierMachine, ({ op, parties }) => op === 'enter' && Number(parties) <= 0),
  },
  {
    name: 'what is for all counts when it was sent to one member alone',
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
    seed: 177,
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
    seed: 23,
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
    seed: 71,
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
    seed: 43,
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
