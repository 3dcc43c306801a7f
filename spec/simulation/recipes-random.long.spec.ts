/** Recipes over losses of connections: more random worlds, and bugs that they have to show. */
import { expect } from 'chai';
import { ElectionCore } from '../../lib/recipes/core/election.js';
import { ReplicatedCore } from '../../lib/recipes/core/replicated/core.js';
import { PendingCommands } from '../../lib/recipes/core/replicated/submissions.js';
import { GroupBinding } from '../../lib/recipes/group-binding.js';
import { givenSeed } from '../support/random.js';
import { huntFrom, seeds } from '../support/seeds.js';
import { replace } from './bugs/planted.js';
import { profiles, RecipesWorld } from './recipes-world.js';

const WORLDS = seeds(7, 30);
const STEPS = 60;
/** Worlds that a planted bug may take to be seen. */
const LIMIT = 200;

const nothing = () => (): void => undefined;

/** A world that shows a bug stands behind it, where those before it do not: see `huntFrom`. */
const bugs: readonly (readonly [name: string, plant: () => () => void, known?: number])[] = [
  ['a lock that is kept while the connection is lost', () => replace(ReplicatedCore, 'lost', nothing)],
  ['a leader that leads on while the connection is lost', () => replace(ElectionCore, 'lost', nothing)],
  [
    'views in which the member is not, given to its recipes',
    () =>
      replace(GroupBinding, 'viewed', () => (self, core, view) => {
        (core as { view(view: unknown, now: number): void }).view(view, (self as GroupBinding).now());
      }),
  ],
  ['commands that are not sent again', () => replace(PendingCommands, 'rejoined', nothing), 46],
];

describe('simulation: recipes in many random worlds of connections that come back', () => {
  for (const [what, profile] of Object.entries(profiles))
    it(`have terms and tokens of one member each, and count once, ${what}`, async () => {
      const first = givenSeed();
      for (let seed = first; seed < first + WORLDS; seed++) {
        const { violations } = await RecipesWorld.run(seed, profile, STEPS);
        expect(violations, `seed ${seed}`).to.deep.equal([]);
      }
    }).timeout(600_000);

  for (const [name, plant, known] of bugs)
    it(`show a planted bug: ${name}`, async () => {
      const remove = plant();
      try {
        const from = huntFrom(known);
        for (let seed = from; seed < from + LIMIT; seed++)
          if ((await RecipesWorld.run(seed, profiles['without gaps'], STEPS)).violations.length > 0) return;
        expect.fail(`not seen in ${LIMIT} worlds`);
      } finally {
        remove();
      }
    }).timeout(600_000);
});
