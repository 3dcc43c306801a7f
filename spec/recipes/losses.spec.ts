/** Cores of recipes over losses of connections. */
import { expect } from 'chai';
import { Random } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { elderBugs } from './elder-bugs.js';
import { lossWorlds } from './loss-worlds.js';
import { type Member, RecipeWorld } from './recipe-world.js';
import { type Ledger, ledgers, Replicas } from './replicas.js';

const WORLDS = seeds(8, 50);

describe('recipes over losses of connections', () => {
  for (const [what, live] of lossWorlds) {
    it(`keep their promises in ${WORLDS} worlds: ${what}`, () => {
      for (let seed = 1; seed <= WORLDS; seed++) expect(live(seed), `seed ${seed}`).to.deep.equal([]);
    }).timeout(60_000);
  }

  for (const { name, seed, live, plant } of elderBugs)
    it(`have a checker that sees ${name} in the world of seed ${seed}`, () => {
      const remove = plant();
      try {
        expect(live(seed)).not.to.deep.equal([]);
      } finally {
        remove();
      }
      expect(live(seed)).to.deep.equal([]);
    });

  it('bring state back from those that were all away, with a quorum all that one of them has', () => {
    for (const quorum of [null, 2]) {
      const replicas = new Replicas<Ledger>(ledgers, { quorum });
      const world = new RecipeWorld(new Random(5));
      const members = ['m0', 'm1', 'm2'].map((name) => world.start(name, replicas.make));
      world.settle();
      for (const text of ['a', 'b', 'c']) replicas.submit(members[0] as Member, text);
      world.settle();
      const [first, second, third] = members as [Member, Member, Member];
      third.isFrozen = true;
      replicas.submit(first, 'd');
      world.settle(0);
      for (const member of members) world.lose(member);
      world.settle(0);
      third.isFrozen = false;
      for (const member of [third, second, first]) world.comeBack(member, member.daemon);
      world.settle();
      // Without a quorum whoever is there first continues.
      const lines = quorum === null ? ['a', 'b', 'c'] : ['a', 'b', 'c', 'd'];
      for (const member of members)
        expect(replicas.of(member).machine.lines, `${member.name}, quorum ${quorum}`).to.deep.equal(lines);
    }
  });
});
