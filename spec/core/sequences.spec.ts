/** The sequences of [daemon 2.7.1], row by row. */
import { expect } from 'chai';
import type { Delivery } from '../../lib/wire/delivery.js';
import { closedIdOf, Daemons, forget, lastIdOf, ownSetOf } from './daemons.js';
import type { Client } from './core-world.js';
import { groupIdOf } from '../support/describe-frame.js';

type Four = [Client, Client, Client, Client];

/** Members of g: x and y at a, z at b, w at c. */
function four(): { daemons: Daemons; all: Four } {
  const daemons = Daemons.together('a', 'b', 'c');
  const all = daemons.members('g', 'x@a', 'y@a', 'z@b', 'w@c') as Four;
  return { daemons, all };
}

const toldOf = (clients: readonly Client[]): string[][] => clients.map(({ told }) => told);
const lastOf = ({ inbox }: Client): Delivery => inbox.frames.at(-1) as Delivery;

describe('core: sequences', () => {
  it('at a join: a regular view to all of them, at whichever daemon', () => {
    const { daemons, all } = four();
    const late = daemons.open('late', 'b').join('g');
    daemons.run();
    const view = 'join g: #x#a #y#a #late#b #z#b #w#c (#late#b)';
    expect(toldOf([...all, late])).to.deep.equal([[view], [view], [view], [view], [view]]);
  });

  it('at a leave: a regular view to those who stay, a self-leave to the one who goes', () => {
    const { daemons, all } = four();
    const [x, y, z, w] = all;
    z.leave('g');
    daemons.run();
    const view = 'leave g: #x#a #y#a #w#c (#z#b)';
    expect(toldOf([x, y, w, z])).to.deep.equal([[view], [view], [view], ['self-leave g']]);
  });

  for (const [how, safe] of [
    ['asked for', false],
    ['found broken', true],
  ] as const) {
    it(`at a disconnect that is ${how}: a regular view to those who stay, the end to the one who goes`, () => {
      const { daemons, all } = four();
      const [x, y, z, w] = all;
      daemons.node('b').core.disconnect(z.session, safe);
      daemons.run();
      const view = 'disconnect g: #x#a #y#a #w#c (#z#b)';
      expect(toldOf([x, y, w, z])).to.deep.equal([[view], [view], [view], []]);
      expect(z.inbox.closed).to.equal(1);
    });
  }

  it('when a daemon dies: the transitional signal, then the regular view of the others in one vs set', () => {
    const { daemons, all } = four();
    const [x, y, z] = all;
    daemons.crash('c');
    daemons.change(['a', 'b']);
    daemons.run();
    const told = ['transition g', 'network g: #x#a #y#a #z#b (#x#a #y#a #z#b)'];
    expect(toldOf([x, y, z])).to.deep.equal([told, told, told]);
  });

  it('at a partition: on each side the signal, what was under way, then the regular view of that side', () => {
    const { daemons, all } = four();
    const [x, y, z, w] = all;
    x.send('seen by all', ['g']);
    daemons.run();
    forget(...all);
    y.send('not stable', ['g'], 0x20).send('behind it', ['g']);
    daemons.order();
    for (const node of daemons.nodes.values()) node.holdsSafe = true;
    daemons.reach(['a', 'b', 'c']);
    expect(toldOf(all)).to.deep.equal([[], [], [], []]);
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    const data = ['#y#a > g: not stable', '#y#a > g: behind it'];
    const side = ['transition g', ...data, 'network g: #x#a #y#a #z#b (#x#a #y#a #z#b)'];
    expect(toldOf([x, y, z])).to.deep.equal([side, side, side]);
    expect(w.told).to.deep.equal(['transition g', ...data, 'network g: #w#c (#w#c)']);
  });

  it('at a partition: the signal carries the id of the view that is over, the views ids of their own', () => {
    const { daemons, all } = four();
    const [x, , z, w] = all;
    const before = tableId(daemons, 'a');
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    expect([x, z, w].map(({ inbox }) => closedIdOf(inbox.frames[0] as Delivery))).to.deep.equal([
      before,
      before,
      before,
    ]);
    expect([x, z, w].map(lastIdOf)).to.deep.equal([
      [1, 1001, 1],
      [1, 1001, 1],
      [3, 1001, 1],
    ]);
  });

  it('at a merge: the regular view alone, with a vs set for each side and the receiver’s own told', () => {
    const { daemons, all } = four();
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    forget(...all);
    daemons.change(['a', 'b', 'c']);
    daemons.run();
    const view = 'network g: #x#a #y#a #z#b #w#c (#x#a #y#a #z#b) (#w#c)';
    expect(toldOf(all)).to.deep.equal([[view], [view], [view], [view]]);
    expect(all.map((client) => ownSetOf(lastOf(client)))).to.deep.equal([0, 0, 0, 1]);
    expect(new Set(all.map((client) => groupIdOf(lastOf(client)).join('.')))).to.deep.equal(
      new Set(['1.1002.1']),
    );
  });

  it('at loss and gain in one: the signal where somebody is lost, none where there is gain alone', () => {
    const { daemons, all } = four();
    const [x, y, z, w] = all;
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    forget(...all);
    daemons.change(['a'], ['b', 'c']);
    daemons.run();
    const gain = 'network g: #z#b #w#c (#z#b) (#w#c)';
    expect(w.told, 'c only gains').to.deep.equal([gain]);
    expect(z.told, 'b loses a and gains c').to.deep.equal(['transition g', gain]);
    const loss = ['transition g', 'network g: #x#a #y#a (#x#a #y#a)'];
    expect(toldOf([x, y])).to.deep.equal([loss, loss]);
  });

  it('when a daemon is frozen, regrouped by the others and thawed: it sees no view of its own in between', () => {
    const { daemons, all } = four();
    const [x, , z, w] = all;
    z.send('not stable', ['g'], 0x20);
    daemons.order();
    daemons.node('c').holdsSafe = true;
    daemons.reach(['a', 'b', 'c']);
    forget(...all);
    daemons.change(['a', 'b']);
    daemons.run();
    daemons.change(['a', 'b', 'c']);
    daemons.run();
    const merged = 'network g: #x#a #y#a #z#b #w#c (#x#a #y#a #z#b) (#w#c)';
    const others = ['transition g', 'network g: #x#a #y#a #z#b (#x#a #y#a #z#b)', merged];
    expect(toldOf([x, z])).to.deep.equal([others, others]);
    expect(w.told).to.deep.equal(['transition g', '#z#b > g: not stable', merged]);
  });

  it('of several groups at once: the signals in byte order of the names, then the views in the same order', () => {
    const daemons = Daemons.together('a', 'b');
    const groups = ['b', 'a', 'Z', 'ab', '$'];
    const [x, z] = [daemons.open('x', 'a'), daemons.open('z', 'b')];
    for (const group of groups) x.join(group);
    for (const group of groups.toReversed()) z.join(group);
    daemons.run();
    forget(x, z);
    z.send('safe', ['ab'], 0x20);
    daemons.order();
    daemons.node('a').holdsSafe = true;
    daemons.reach(['a', 'b']);
    daemons.change(['a'], ['b']);
    daemons.run();
    const sorted = ['$', 'Z', 'a', 'ab', 'b'];
    expect(x.told).to.deep.equal([
      ...sorted.map((group) => `transition ${group}`),
      '#z#b > ab: safe',
      ...sorted.map((group) => `network ${group}: #x#a (#x#a)`),
    ]);
    forget(x);
    daemons.change(['a', 'b']);
    daemons.run();
    expect(x.told).to.deep.equal(sorted.map((group) => `network ${group}: #x#a #z#b (#x#a) (#z#b)`));
  });

  it('without the membership option: data, and none of all that', () => {
    const daemons = Daemons.together('a', 'b');
    const quiet = daemons.open('quiet', 'a', false).join('g');
    const z = daemons.open('z', 'b').join('g');
    daemons.run();
    daemons.change(['a'], ['b']);
    daemons.run();
    daemons.change(['a', 'b']);
    z.send('hello', ['g']);
    daemons.run();
    expect(quiet.told).to.deep.equal(['#z#b > g: hello']);
    expect(z.told.at(-2)).to.equal('network g: #quiet#a #z#b (#quiet#a) (#z#b)');
  });
});

function tableId(daemons: Daemons, name: string): readonly number[] {
  return [...daemons.node(name).core.groups.values()][0]?.id ?? [];
}
