/** The guards of replicated state, each of which can be switched off: scenarios and random worlds have to notice. */
import { Component } from '../../../lib/recipes/core/replicated/component.js';
import { ReplicatedCore } from '../../../lib/recipes/core/replicated/core.js';
import { SnapshotSender } from '../../../lib/recipes/core/replicated/snapshot-sender.js';
import { Holding } from '../../../lib/recipes/core/replicated/holding.js';
import { SnapshotReceiver } from '../../../lib/recipes/core/replicated/snapshot-receiver.js';
import type { Message, Statement } from '../../../lib/recipes/core/replicated/messages.js';
import { Separation } from '../../../lib/recipes/core/replicated/separation.js';
import { Transfer } from '../../../lib/recipes/core/replicated/transfer.js';
import { Submissions } from '../../../lib/recipes/core/replicated/submissions.js';
import { Submitters } from '../../../lib/recipes/core/replicated/submitters.js';
import type { RecipeView } from '../../../lib/recipes/core/port.js';
import { replace } from '../../simulation/bugs/planted.js';
import { agreed, type Core, type Guard, nothing, type Parts, worlds } from './planted-guards.js';
import { roundGuards } from './round-guards.js';

const components: readonly Guard[] = [
  { name: 'all messages are agreed ones', seenBy: worlds(3, 5), off: () => agreed() },
  { name: 'commands are agreed messages', seenBy: worlds(3, 5), off: () => agreed('command') },
  { name: 'votes are agreed messages', seenBy: null, off: () => agreed('vote') },
  { name: 'arrivals are agreed messages', seenBy: null, off: () => agreed('arrived') },
  { name: 'statements are agreed messages', seenBy: null, off: () => agreed('state', 'settle', 'reopen') },
  {
    name: 'results are told after the transitional signal',
    seenBy: worlds(3, 5),
    off: () =>
      replace(
        Submissions,
        'settled',
        (original) => (self, ticket, outcome) => original(self, ticket, outcome, true),
      ),
  },
  {
    name: 'commands are applied after holders are too few',
    seenBy: null,
    off: () => replace(Component, 'isPrimary', () => (self) => (self as Parts).formed),
  },
  {
    name: 'an epoch that has not formed continues in the next view',
    seenBy: worlds(3, 4, 'strict'),
    off: () =>
      replace(Component, 'canContinue', (original) => (self, view) => {
        const { cause, members } = view as RecipeView;
        const { formed, holding } = self as Parts;
        if (formed) return original(self, view);
        return cause !== 'network' && members.some((name) => holding.has(name));
      }),
  },
  {
    name: 'an epoch continues in every view of the network',
    seenBy: 'D1',
    off: () =>
      replace(Component, 'canContinue', () => (self, view) => {
        const { formed, holding } = self as Parts;
        return formed && (view as RecipeView).members.some((name) => holding.has(name));
      }),
  },
  {
    name: 'an epoch continues in a view that only loses members',
    seenBy: 'D1',
    off: () =>
      replace(Component, 'canContinue', (original) => (self, view) => {
        const { cause, members, cameWithMe } = view as RecipeView;
        const { formed, holding } = self as Parts;
        const isSmaller = cause === 'network' && cameWithMe.length === members.length;
        return (isSmaller && formed && members.some((name) => holding.has(name))) || original(self, view);
      }),
  },
  {
    name: 'a state keeps its name beyond its view',
    seenBy: 'D1b',
    off: () => replace(Component, 'leave', nothing),
  },
  {
    name: 'a state keeps its name where a round is held again',
    seenBy: 'D9',
    off: () =>
      replace(Component, 'leave', (original) => (self, view, side) => {
        if (!String(side).startsWith('round ')) original(self, view, side);
      }),
  },
  {
    name: 'who arrives after the signal took part',
    seenBy: null,
    off: () =>
      replace(ReplicatedCore, 'arrived', (original) => (self, ...args) => {
        const core = self as Core;
        const { isEnding } = core;
        core.isEnding = false;
        original(self, ...args);
        core.isEnding = isEnding;
      }),
  },
  {
    name: 'who arrives with an old request is taken in',
    seenBy: null,
    off: () =>
      replace(Component, 'arrived', (original) => (self, name) => {
        const ask = (self as Component).askOf(name as string);
        return ask !== undefined && original(self, name, ask);
      }),
  },
  {
    name: 'nobody reopens a round',
    seenBy: worlds(null, 3),
    off: () =>
      replace(ReplicatedCore, 'sendTagged', (original) => (self, kind) => {
        if (kind !== 'reopen') original(self, kind);
      }),
  },
  {
    name: 'a statement that could have changed a round does not reopen it',
    seenBy: null,
    off: () =>
      replace(ReplicatedCore, 'asked', () => (self, component, name, statement) => {
        const core = self as Core;
        core.agreement.heard(name as string);
        core.give(component as Component, name as string, (statement as Statement).ask);
      }),
  },
  {
    name: 'nobody contests a state that continues beside it',
    seed: 785,
    seenBy: worlds(null, 3),
    off: () => replace(ReplicatedCore, 'contest', nothing),
  },
];

const transfers: readonly Guard[] = [
  {
    name: 'the state that lost is dropped at once',
    seenBy: null,
    off: () =>
      replace(Holding, 'load', (original) => (self, ...args) => {
        (self as { replaced(): void }).replaced();
        original(self, ...args);
      }),
  },
  {
    name: 'the next state is asked for while the machine is still taking in one that lost',
    seenBy: worlds(null, 3),
    off: () => replace(Holding, 'isBusy', () => () => false),
  },
  {
    name: 'what follows a snapshot is dropped until it is there',
    seenBy: 'D1',
    off: () =>
      replace(
        Transfer,
        'hasPlace',
        () => (self, component) => (component as Component).holders.has((self as Core).self),
      ),
  },
  {
    name: 'a member without a place takes inputs',
    seenBy: 'D4',
    off: () => replace(Transfer, 'hasPlace', () => () => true),
  },
  {
    name: 'what came between statement and offer is forgotten',
    seed: 286,
    seenBy: worlds(null, 5),
    off: () =>
      replace(ReplicatedCore, 'enter', (original) => (self, component) => original(self, component, [])),
  },
  {
    name: 'an offer for an old request is taken',
    seenBy: worlds(3, 4),
    off: () =>
      replace(ReplicatedCore, 'taken', (original) => (self, sender, message) => {
        const isOffer = (message as Message).kind === 'offer';
        return original(
          self,
          sender,
          isOffer ? { ...(message as object), ask: (self as Core).ask } : message,
        );
      }),
  },
  {
    name: 'a donor says nothing of a snapshot that it does not have',
    seenBy: 'D6b',
    off: () =>
      replace(SnapshotSender, 'pulled', (original) => (self, from, pull) => {
        const { given } = self as { given: Map<string, string> };
        if (given.get(from as string) === (pull as { capture: string }).capture) original(self, from, pull);
      }),
  },
  {
    name: 'a member whose donors are silent asks no more',
    seed: 276,
    seenBy: worlds(null, 3),
    off: () => replace(SnapshotReceiver, 'tick', () => () => true),
  },
  {
    name: 'a member that nobody offers the state asks no more',
    seed: 395,
    seenBy: worlds(null, 5),
    off: () =>
      replace(Holding, 'tick', () => (self, now) => {
        const { loader } = self as { loader: SnapshotReceiver | null };
        return loader?.tick(now as number) !== false;
      }),
  },
  {
    name: 'a member whose donors are gone asks no more',
    seenBy: null,
    off: () =>
      replace(Holding, 'retain', (original) => (self, ...args) => {
        original(self, ...args);
        return true;
      }),
  },
  {
    name: 'a request without a place in the last view is not made again',
    seenBy: null,
    off: () =>
      replace(ReplicatedCore, 'continue', (original) => (self, component, view) => {
        const core = self as Core;
        const ask = (component as Component).askOf(core.self);
        if (!(component as Component).holders.has(core.self) && ask !== undefined) core.ask = ask;
        original(self, component, view);
      }),
  },
];

const submissions: readonly Guard[] = [
  {
    name: 'a command that is sent again is applied again',
    seenBy: null,
    off: () =>
      replace(Submitters, 'take', (original) => (self, ...args) => {
        const place = original(self, ...args);
        return place === 'old' ? 'next' : place;
      }),
  },
  {
    name: 'a command after a gap is applied',
    seenBy: worlds(2, 3),
    off: () =>
      replace(Submitters, 'take', (original) => (self, instance, sequence) => {
        const place = original(self, instance, sequence);
        if (place !== 'gap') return place;
        (self as { last: Map<unknown, unknown> }).last.set(instance, sequence);
        return 'next';
      }),
  },
  {
    name: 'withheld results are told of whatever state continues',
    seenBy: worlds(2, 3),
    off: () => replace(Submissions, 'doubt', nothing),
  },
  {
    name: 'a quorum that came along is parted',
    seenBy: 'D7',
    off: () => replace(Separation, 'ended', nothing),
  },
  {
    name: 'who lost is not parted',
    seenBy: null,
    off: () => replace(Separation, 'lost', nothing),
  },
  {
    name: 'members that did not come along count as companions',
    seenBy: 'D7',
    off: () => replace(Separation, 'cameAlong', nothing),
  },
];

export const guards: readonly Guard[] = [...roundGuards, ...components, ...transfers, ...submissions];
