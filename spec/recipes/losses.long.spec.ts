/** More worlds with losses of connections, and bugs that their checkers have to see. */
import { expect } from 'chai';
import { ElectionCore } from '../../lib/recipes/core/election.js';
import { PresenceCore } from '../../lib/recipes/core/presence.js';
import { ReplicatedCore } from '../../lib/recipes/core/replicated/core.js';
import type { MembersOnly } from '../../lib/recipes/core/members-only.js';
import type { RecipeView } from '../../lib/recipes/core/port.js';
import { Follower } from '../../lib/recipes/core/replicated/follower.js';
import { Holding } from '../../lib/recipes/core/replicated/holding.js';
import { PendingCommands, Submissions } from '../../lib/recipes/core/replicated/submissions.js';
import { seeds } from '../support/seeds.js';
import { replace } from '../simulation/bugs/planted.js';
import {
  churned,
  elected,
  known,
  locked,
  type LossWorld,
  lossWorlds,
  moving,
  overtaken,
  present,
} from './loss-worlds.js';
import { Member } from './recipe-world.js';

const WORLDS = seeds(40, 350);
/** Worlds within which a planted bug is seen. */
const LIMIT = 200;

const nothing = () => (): void => undefined;

const bugs: readonly (readonly [name: string, plant: () => () => void, live: LossWorld])[] = [
  ['a leader that leads on', () => replace(ElectionCore, 'lost', nothing), elected(3, 'first')],
  [
    'a leader that is followed before the connection is back',
    () =>
      replace(ElectionCore, 'lost', (original) => (self) => {
        original(self);
        const fields = self as { isLost: boolean; led: unknown; kept: unknown };
        fields.isLost = false;
        fields.led = fields.kept;
      }),
    elected(3, 'first'),
  ],
  ['a lock that is kept', () => replace(ReplicatedCore, 'lost', nothing), locked],
  ['a state that is behind and counts all the same', () => replace(Holding, 'fallBehind', nothing), churned],
  [
    'commands that are sent again whatever was applied under the id before',
    () => replace(PendingCommands, 'rejoined', (original) => (self) => original(self, null)),
    churned,
  ],
  [
    'commands that are sent again while those of the id before are on their way',
    () => replace(Submissions, 'retain', () => (self) => (self as { former: Set<string> }).former.clear()),
    overtaken,
  ],
  [
    'commands that the connection repeats under another id, and the member with the same number',
    () =>
      replace(Submissions, 'rejoined', (original) => (self, before) => {
        const fields = self as { current: number };
        const { current } = fields;
        original(self, before);
        fields.current = current;
      }),
    moving,
  ],
  ...[3, 1].map((quorum): (typeof bugs)[0] => [
    `an observer's view that is given to an election with a quorum of ${quorum}`,
    () =>
      replace(Member, 'observed', () => (self, item, place) => {
        const { view } = item as { view?: RecipeView };
        const member = self as {
          memberAs: string | null;
          give(act: (core: MembersOnly, now: number) => void, place: unknown): void;
        };
        member.give((core, now) => {
          if (!view) return;
          member.memberAs = null;
          core.view(view, now);
        }, place);
      }),
    elected(quorum, 'first'),
  ]),
  [
    'a state that is taken for the one that is offered',
    () => replace(Follower, 'has', () => (self) => (self as { asked: unknown }).asked !== null),
    moving,
  ],
  [
    'a member that is gone where it moves',
    () =>
      replace(PresenceCore, 'lose', (original) => (self, who, ...rest) => {
        original(self, { ...(who as object), comesBack: false }, ...rest);
      }),
    known,
  ],
  [
    'only the first introduction of a member',
    () =>
      replace(PresenceCore, 'message', (original) => (self, sender, body) => {
        const reason = original(self, sender, body);
        (self as { asked: Set<unknown> }).asked.delete(sender);
        return reason;
      }),
    known,
  ],
  [
    'an announcement that was lost and is waited for',
    () =>
      replace(PresenceCore, 'rejoined', (original) => (self, id) => {
        const fields = self as { isUnderWay: boolean };
        const { isUnderWay } = fields;
        original(self, id);
        fields.isUnderWay = isUnderWay;
      }),
    present,
  ],
  ['a member that is not known again', () => replace(PresenceCore, 'pastOf', nothing), present],
];

/** A world that does not come to its end has a fault, too. */
function faultsOf(live: LossWorld, seed: number): string[] {
  try {
    return live(seed);
  } catch (error) {
    return [String(error)];
  }
}

describe('recipes over losses of connections: many worlds', () => {
  for (const [what, live] of lossWorlds) {
    it(`keep their promises in ${WORLDS} worlds: ${what}`, () => {
      for (let seed = 1; seed <= WORLDS; seed++) expect(live(seed), `seed ${seed}`).to.deep.equal([]);
    }).timeout(600_000);
  }

  for (const [name, plant, live] of bugs) {
    it(`have a checker that sees ${name}`, () => {
      const remove = plant();
      try {
        const all = Array.from({ length: LIMIT }, (_, i) => i + 1);
        expect(all.find((seed) => faultsOf(live, seed).length > 0)).not.to.equal(undefined);
      } finally {
        remove();
      }
    }).timeout(120_000);
  }
});
