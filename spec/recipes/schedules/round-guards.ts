/** The guards of rounds and votes, each of which can be switched off. */
import { Agreement } from '../../../lib/recipes/core/replicated/agreement.js';
import { Component } from '../../../lib/recipes/core/replicated/component.js';
import { ReplicatedCore } from '../../../lib/recipes/core/replicated/core.js';
import type { Statement } from '../../../lib/recipes/core/replicated/messages.js';
import { type Electorate, remembers } from '../../../lib/primary/ballot.js';
import { replace } from '../../simulation/bugs/planted.js';
import {
  agreed,
  type Core,
  type Guard,
  nothing,
  type Parts,
  type Statements,
  worlds,
} from './planted-guards.js';

/** A round also decides where this is so. */
const decidesWhere = (isSo: (said: readonly Statement[], electorate: Electorate) => boolean): (() => void) =>
  replace(ReplicatedCore, 'decide', (original) => (self) => {
    const core = self as Core;
    const { electorate } = core;
    const said = [...core.agreement.statements.values()];
    if (electorate && isSo(said, electorate)) core.electorate = { ...electorate, of: said.length };
    original(self);
    core.electorate = electorate;
  });

const countOf = (said: readonly Statement[], isOne: (statement: Statement) => boolean): number =>
  said.filter(isOne).length;

const isRemembering = ({ tookPart, state }: Statement): boolean =>
  remembers({ tookPart, epoch: state?.epoch ?? null, promised: 0 });

/** The statements of a round are taken for others. */
const statementsAs = (as: (statement: Statement) => Statement): (() => void) =>
  replace(
    Agreement,
    'statements',
    (original) => (self) =>
      new Map([...(original(self) as Statements)].map(([name, statement]) => [name, as(statement)])),
  );

/** The greatest number that a member of the round has voted for, by core. */
const greatest = new WeakMap<object, number>();

function nextAboveVotesOnly(): () => void {
  const whenDecided = replace(ReplicatedCore, 'decide', (original) => (self) => {
    const { statements } = (self as Core).agreement;
    greatest.set(self, Math.max(0, ...[...statements.values()].map(({ promised }) => promised)));
    original(self);
    greatest.delete(self);
  });
  const whenVoting = replace(ReplicatedCore, 'vote', (original) => (self, component) => {
    const parts = component as Parts;
    const promised = greatest.get(self);
    if (promised !== undefined) parts.current = { ...parts.current, next: promised + 1 };
    original(self, component);
  });
  return () => {
    whenVoting();
    whenDecided();
  };
}

/** The same thing is kept in two ways: safe statements, and the votes of a quorum. */
function neitherSafeNorVoted(): () => void {
  const statements = agreed('state', 'settle', 'reopen', 'vote');
  const votes = oneVote();
  return () => {
    votes();
    statements();
  };
}

const oneVote = (): (() => void) =>
  replace(Component, 'vote', () => (self, name, epoch) => {
    const parts = self as Parts;
    if (parts.formed || epoch !== parts.current.next) return false;
    parts.formed = parts.holding.has(name as string);
    return parts.formed;
  });

export const roundGuards: readonly Guard[] = [
  {
    name: 'one less than has to remember is enough',
    seenBy: 'D2',
    off: () =>
      decidesWhere((said, { of, quorum }) => countOf(said, isRemembering) === Math.max(1, of - quorum)),
  },
  {
    name: 'who never took part counts as remembering',
    seenBy: null,
    off: () =>
      decidesWhere((said, { of, quorum }) => countOf(said, ({ state }) => state !== null) > of - quorum),
  },
  {
    name: 'one new member less than a quorum is enough',
    seenBy: 'D2',
    off: () => decidesWhere((said, { quorum }) => countOf(said, ({ tookPart }) => !tookPart) === quorum - 1),
  },
  {
    name: 'who took part and holds nothing counts as new',
    seenBy: null,
    off: () =>
      decidesWhere(
        (said, { quorum }) => countOf(said, ({ tookPart, state }) => !tookPart || !state) >= quorum,
      ),
  },
  {
    name: 'one less than all is taken for all',
    seenBy: 'D2',
    off: () => decidesWhere((said, { of }) => said.length === of - 1),
  },
  {
    name: 'the largest side wins, whatever its epoch',
    seenBy: 'D4',
    off: () => statementsAs(({ state, ...rest }) => ({ ...rest, state: state && { ...state, epoch: 1 } })),
  },
  {
    name: 'the next epoch is not above the ones voted for',
    seenBy: 'D8',
    off: () => statementsAs((statement) => ({ ...statement, promised: 0 })),
  },
  { name: 'the next epoch is not above the ones held', seenBy: worlds(2, 3), off: nextAboveVotesOnly },
  {
    name: 'nobody remembers what it voted for',
    seenBy: 'D8',
    off: () =>
      replace(ReplicatedCore, 'vote', (original) => (self, component) => {
        original(self, component);
        (self as Core).promised = 0;
      }),
  },
  {
    name: 'votes of members without the state count',
    seenBy: null,
    off: () =>
      replace(Component, 'vote', () => (self, name, epoch) => {
        const parts = self as Parts;
        if (parts.formed || epoch !== parts.current.next) return false;
        parts.voted.add(name as string);
        parts.formed = parts.voted.size >= (parts.current.quorum ?? 1);
        return parts.formed;
      }),
  },
  {
    name: 'one vote is enough',
    seenBy: null,
    off: () => oneVote(),
  },
  {
    name: 'one vote is enough, and no message of a round is safe',
    seed: 1113,
    seenBy: worlds(3, 5),
    off: () => neitherSafeNorVoted(),
  },
  {
    name: 'what was said in another view or round counts',
    seenBy: worlds(2, 3),
    off: () => replace(Agreement, 'isNow', () => () => true),
  },
  {
    name: 'who was silent is not waited for again',
    seed: 266,
    seenBy: worlds(null, 3),
    off: () => replace(Agreement, 'heard', nothing),
  },
];
