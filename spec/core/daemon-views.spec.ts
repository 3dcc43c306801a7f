/** Who is told what when daemon views change: [daemon 2.5, 2.7.2, 2.7.5]. */
import { expect } from 'chai';
import { Daemons, forget, ownSetOf, tableOf } from './daemons.js';
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
    it('when a daemon without members comes or goes', () => {
      const daemons = Daemons.together('a', 'b', 'c');
      const all = daemons.members('g', 'x@a', 'z@b');
      expect(toldAfter(daemons, all, ['a', 'b'], ['c'])).to.deep.equal([[], []]);
      expect(toldAfter(daemons, all, ['a', 'b', 'c'])).to.deep.equal([[], []]);
    });

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

    it('when a merge is called off before its exchange is complete', () => {
      const daemons = Daemons.together('a', 'b', 'c');
      daemons.change(['a', 'b'], ['c']);
      daemons.run();
      const all = daemons.members('g', 'x@a', 'z@b', 'w@c');
      forget(...all);
      daemons.change(['a', 'b', 'c']);
      daemons.order();
      expect(toldAfter(daemons, all, ['a', 'b'], ['c'])).to.deep.equal([[], [], []]);
    });

    it('in groups that have all their members here, while others are touched', () => {
      const daemons = Daemons.together('a', 'b');
      const [x] = daemons.members('g', 'x@a', 'z@b') as [Client];
      x.join('alone');
      settle(daemons, x);
      expect(toldAfter(daemons, [x], ['a'], ['b'])).to.deep.equal([
        ['transition g', 'network g: #x#a (#x#a)'],
      ]);
    });
  });

  describe('give vs sets', () => {
    it('one for each of three sides, in which those who joined while apart stand with their side', () => {
      const daemons = Daemons.together('a', 'b', 'c');
      const all = daemons.members('g', 'x@a', 'z@b', 'w@c');
      daemons.change(['a'], ['b'], ['c']);
      daemons.run();
      const late = daemons.open('late', 'b').join('g');
      daemons.run();
      const view = 'network g: #x#a #late#b #z#b #w#c (#x#a) (#late#b #z#b) (#w#c)';
      const told = toldAfter(daemons, [...all, late], ['a', 'b', 'c']);
      expect(told).to.deep.equal([[view], [view], [view], [view]]);
      expect([...all, late].map(({ inbox }) => ownSetOf(inbox.frames[0] as never))).to.deep.equal([
        0, 1, 2, 1,
      ]);
    });

    it('of those who moved together, though they are not side by side in the order of the daemons', () => {
      const daemons = Daemons.together('a', 'b', 'c');
      const all = daemons.members('g', 'x@a', 'z@b', 'w@c');
      daemons.change(['a', 'c'], ['b']);
      daemons.run();
      const told = toldAfter(daemons, all.slice(0, 1), ['a', 'b', 'c']);
      expect(told).to.deep.equal([['network g: #x#a #z#b #w#c (#x#a #w#c) (#z#b)']]);
    });

    it('only to sides that have members', () => {
      const daemons = Daemons.together('a', 'b', 'c');
      const [x] = daemons.members('g', 'x@a', 'w@c') as [Client];
      daemons.change(['a'], ['b'], ['c']);
      daemons.run();
      expect(toldAfter(daemons, [x], ['a', 'b', 'c'])).to.deep.equal([
        ['network g: #x#a #w#c (#x#a) (#w#c)'],
      ]);
    });

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
    it('give one signal and one regular view', () => {
      const daemons = Daemons.together('a', 'b', 'c');
      const [x] = daemons.members('g', 'x@a', 'z@b', 'w@c') as [Client];
      daemons.change(['a', 'b'], ['c']);
      daemons.order();
      daemons.change(['a'], ['b']);
      daemons.run();
      expect(x.told).to.deep.equal(['transition g', 'network g: #x#a (#x#a)']);
    });

    it('give the regular view also when everybody is back', () => {
      const daemons = Daemons.together('a', 'b');
      const all = daemons.members('g', 'x@a', 'z@b');
      daemons.change(['a'], ['b']);
      daemons.order();
      daemons.change(['a', 'b']);
      daemons.run();
      const told = ['transition g', 'network g: #x#a #z#b (#x#a) (#z#b)'];
      expect(all.map((client) => client.told)).to.deep.equal([told, told]);
    });

    it('give the signal to the groups that the second loss touches too, and to no other', () => {
      const daemons = Daemons.together('a', 'b', 'c');
      const [x] = daemons.members('g', 'x@a', 'w@c') as [Client];
      daemons.members('h', 'z@b');
      x.join('h').join('mine');
      settle(daemons, x);
      daemons.change(['a', 'b'], ['c']);
      daemons.order();
      expect(x.told).to.deep.equal(['transition g']);
      daemons.change(['a'], ['b']);
      daemons.run();
      expect(x.told).to.deep.equal([
        'transition g',
        'transition h',
        'network g: #x#a (#x#a)',
        'network h: #x#a (#x#a)',
      ]);
    });

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

    it('may have the name of one that was at the daemon before it started again', () => {
      const daemons = Daemons.together('a', 'b');
      const [x] = daemons.members('g', 'x@a', 'bob@b') as [Client];
      daemons.crash('b');
      daemons.start('b');
      daemons.change(['a', 'b']);
      daemons.run();
      expect(x.told).to.deep.equal(['transition g', 'network g: #x#a (#x#a)']);
      const again = daemons.open('bob', 'b').join('g');
      daemons.run();
      expect([x.told.at(-1), again.told]).to.deep.equal([
        'join g: #x#a #bob#b (#bob#b)',
        ['join g: #x#a #bob#b (#bob#b)'],
      ]);
    });

    it('may have that name in the group already, when the daemon was alone in between', () => {
      const daemons = Daemons.together('a', 'b');
      const [x] = daemons.members('g', 'x@a', 'bob@b') as [Client];
      daemons.crash('b');
      daemons.start('b');
      daemons.change(['b']);
      daemons.run();
      const again = daemons.open('bob', 'b').join('g');
      settle(daemons, again);
      daemons.change(['a', 'b']);
      daemons.run();
      const view = 'network g: #x#a #bob#b (#x#a) (#bob#b)';
      expect([x.told, again.told]).to.deep.equal([['transition g', view], [view]]);
    });

    it('that end are listed until their disconnect comes, and are told nothing', () => {
      const daemons = Daemons.together('a', 'b');
      const [x, y] = daemons.members('g', 'x@a', 'y@a', 'z@b') as [Client, Client];
      y.disconnect();
      daemons.change(['a'], ['b']);
      daemons.run();
      expect(x.told.slice(1)).to.deep.equal([
        'network g: #x#a #y#a (#x#a #y#a)',
        'disconnect g: #x#a (#y#a)',
      ]);
      expect([y.told, y.inbox.closed]).to.deep.equal([[], 1]);
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
