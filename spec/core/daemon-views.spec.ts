/**
 * What written scenarios (`spec/simulation/scenarios`) cannot say of changes of the daemon view: where each daemon stands in the
 * order, and what the core holds [daemon 2.5, 2.7.2, 2.7.5].
 */
import { expect } from 'chai';
import { Daemons, forget, tableOf } from './daemons.js';
import type { Client } from './core-world.js';

/** Lets everything that is under way arrive, and forgets it. */
function settle(daemons: Daemons, ...clients: readonly Client[]): void {
  daemons.run();
  forget(...clients);
}

/** What these got when the daemon views changed this way. */
function toldAfter(
  daemons: Daemons,
  clients: readonly Client[],
  ...views: readonly (readonly string[])[]
): string[][] {
  forget(...clients);
  daemons.change(...views);
  daemons.run();
  return clients.map(({ told }) => [...told]);
}

describe('core: daemon views', () => {
  describe('tell nobody', () => {
    it('when a group has members on one side only, which keeps its id over partition and merge', () => {
      const daemons = Daemons.together('a', 'b', 'c');
      const all = daemons.members('g', 'x@a', 'z@b');
      const before = tableOf(daemons.node('c').core);
      toldAfter(daemons, all, ['a', 'b'], ['c']);
      expect([tableOf(daemons.node('a').core), tableOf(daemons.node('c').core)]).to.deep.equal([before, {}]);
      expect(toldAfter(daemons, all, ['a', 'b', 'c'])).to.deep.equal([[], []]);
      for (const node of daemons.nodes.values()) expect(tableOf(node.core)).to.deep.equal(before);
    });

    it('when the daemons are the same as before', () => {
      const daemons = Daemons.together('a', 'b');
      const all = daemons.members('g', 'x@a', 'z@b');
      expect(toldAfter(daemons, all, ['a', 'b'])).to.deep.equal([[], []]);
    });
  });

  describe('give vs sets', () => {
    it('to daemons that delivered different things in the same view: they did not come together', () => {
      const daemons = Daemons.together('a', 'b');
      const [x, z] = daemons.members('g', 'x@a', 'z@b') as [Client, Client];
      x.send('a alone has it', ['g']);
      daemons.order();
      daemons.reach(['a']);
      const view = 'network g: #x#a #z#b (#x#a) (#z#b)';
      daemons.change(['a', 'b']);
      daemons.run();
      expect(x.told).to.deep.equal(['#x#a > g: a alone has it', 'transition g', view]);
      expect(z.told).to.deep.equal(['transition g', view]);
    });
  });

  describe('that follow one another before the exchange is complete', () => {
    it('part those who completed the exchange between them from those who did not', () => {
      const daemons = Daemons.together('a', 'b', 'c');
      const [x, z, w] = daemons.members('g', 'x@a', 'z@b', 'w@c') as [Client, Client, Client];
      daemons.change(['a'], ['b', 'c']);
      daemons.run();
      forget(x, z, w);
      daemons.change(['a', 'b', 'c']);
      daemons.order();
      daemons.reach(['a', 'b', 'c']);
      daemons.order();
      daemons.reach(['c']);
      const merged = 'network g: #x#a #z#b #w#c (#x#a) (#z#b #w#c)';
      expect(w.told).to.deep.equal([merged]);
      daemons.change(['a', 'b', 'c']);
      daemons.run();
      expect(w.told).to.deep.equal([
        merged,
        'transition g',
        'network g: #x#a #z#b #w#c (#x#a) (#z#b) (#w#c)',
      ]);
      expect(z.told).to.deep.equal(['transition g', 'network g: #x#a #z#b #w#c (#x#a) (#z#b) (#w#c)']);
      expect(x.told).to.deep.equal(['network g: #x#a #z#b #w#c (#x#a) (#z#b) (#w#c)']);
    });

    it('let data wait until one exchange is complete, and lose none of it', () => {
      const daemons = Daemons.together('a', 'b');
      const [x, z] = daemons.members('g', 'x@a', 'z@b') as [Client, Client];
      daemons.change(['a', 'b']);
      x.send('waits', ['g']);
      daemons.order();
      daemons.change(['a', 'b']);
      daemons.order();
      daemons.reach(['a', 'b'], 1);
      expect([x.told, z.told, daemons.node('a').core.isExchanging]).to.deep.equal([[], [], true]);
      daemons.run();
      expect([x.told, z.told, daemons.node('a').core.isExchanging]).to.deep.equal([
        ['#x#a > g: waits'],
        ['#x#a > g: waits'],
        false,
      ]);
    });
  });

  describe('and sessions', () => {
    it('know their groups as before, and are in none when they are in none', () => {
      const daemons = Daemons.together('a', 'b');
      const [x] = daemons.members('g', 'x@a', 'z@b') as [Client];
      const loner = daemons.open('loner', 'a');
      x.join('h');
      settle(daemons, x);
      daemons.change(['a'], ['b']);
      daemons.run();
      expect([x.session.member?.groups.size, loner.session.member]).to.deep.equal([2, null]);
      x.leave('g').leave('h');
      daemons.run();
      expect(x.session.member).to.equal(null);
    });

    it('of other daemons go when their daemon goes, also with nobody here in their groups', () => {
      const daemons = Daemons.together('a', 'b');
      daemons.members('g', 'z@b');
      daemons.crash('b');
      daemons.change(['a']);
      daemons.run();
      expect(daemons.node('a').core.groups.size).to.equal(0);
    });

    it('get what other daemons’ sessions send to their private group, wherever the daemon stands', () => {
      const daemons = Daemons.together('a', 'b');
      const [x, z] = daemons.members('g', 'x@a', 'z@b') as [Client, Client];
      daemons.crash('a');
      toldAfter(daemons, [z], ['b']);
      z.send('to self', ['#z#b', '#x#a']);
      daemons.run();
      expect([z.told.at(-1), x.told]).to.deep.equal(['#z#b > #z#b,#x#a: to self', []]);
    });
  });
});
