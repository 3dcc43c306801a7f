/** Ids of the groups' views over changes of the daemon view [daemon 2.4]. */
import { expect } from 'chai';
import { Core } from '../../daemon/core/core.js';
import { SAFE_MESS } from '../../lib/wire/index.js';
import { groupIdOf } from '../support/describe-frame.js';
import { Daemons, lastIdOf, tableOf } from './daemons.js';
import { FIXED_KEY } from '../support/fixed-key.js';
import { type Client, QueueOrder } from './core-world.js';
import { Resumable } from './resumable.js';

describe('core: ids of views', () => {
  it('are of the first daemon of the daemon view, with a time that rises though the clock stands', () => {
    const daemons = Daemons.together('a', 'b');
    const [x, z] = daemons.members('g', 'x@a', 'z@b') as [Client, Client];
    daemons.change(['a'], ['b']);
    daemons.run();
    daemons.change(['a', 'b']);
    daemons.run();
    expect(x.inbox.frames.filter(({ body }) => body.length > 12).map(groupIdOf)).to.deep.equal([
      [1, 1001, 1],
      [1, 1002, 1],
    ]);
    expect(lastIdOf(z)).to.deep.equal([1, 1002, 1]);
  });

  it('have a time that a daemon knows, to keep it over its own end, and what all can do', () => {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY, features: 5 }, order);
    const times: number[] = [];
    for (const tag of [1n, 2n]) {
      core.install({ tag, daemons: ['a'], set: ['a'], time: 3000 });
      for (const { payload } of order.take()) core.exchange(payload, 'a');
      times.push(core.proposedTime);
    }
    expect([...times, core.features]).to.deep.equal([3000, 3001, 5]);
  });

  it('take their time from the first daemon’s clock when that is ahead', () => {
    const daemons = Daemons.together('a', 'b');
    const [x] = daemons.members('g', 'x@a', 'z@b') as [Client];
    daemons.node('a').clock = 5000;
    daemons.change(['a'], ['b']);
    daemons.run();
    expect(lastIdOf(x)).to.deep.equal([1, 5000, 1]);
  });

  it('count on with joins in the same daemon view, and are given to new groups with the counter 1', () => {
    const daemons = Daemons.together('a', 'b');
    daemons.members('g', 'x@a', 'z@b');
    daemons.change(['a'], ['b']);
    daemons.run();
    const late = daemons.open('late', 'a').join('g').join('new');
    daemons.run();
    expect(late.inbox.frames.map(groupIdOf)).to.deep.equal([
      [1, 1001, 2],
      [1, 1001, 1],
    ]);
  });

  it('are others for a join on one side, when the other side saw one just before the partition', () => {
    const daemons = Daemons.together('a', 'b');
    daemons.members('g', 'z@b');
    const x = daemons.open('x', 'a').join('g');
    daemons.order();
    daemons.reach(['a']);
    daemons.change(['a'], ['b']);
    daemons.run();
    const y = daemons.open('y', 'b').join('g');
    daemons.run();
    expect(x.told[0]).to.equal('join g: #x#a #z#b (#x#a)');
    expect(y.told[0]).to.equal('join g: #y#b #z#b (#y#b)');
    expect([x, y].map(({ inbox }) => groupIdOf(inbox.frames[0] as never))).to.deep.equal([
      [1, 1000, 2],
      [2, 1001, 2],
    ]);
  });

  it('are new when a daemon starts again with its clock gone back', () => {
    const daemons = Daemons.together('a', 'b');
    daemons.members('g', 'z@b');
    daemons.change(['a', 'b']);
    daemons.run();
    daemons.crash('a');
    daemons.change(['b']);
    daemons.run();
    daemons.start('a').clock = 10;
    daemons.change(['a', 'b']);
    daemons.run();
    const fresh = daemons.open('fresh', 'a').join('new');
    daemons.run();
    expect(lastIdOf(fresh)).to.deep.equal([1, 1002, 1]);
  });

  it('are new when only some completed the exchange in between', () => {
    const daemons = Daemons.together('a', 'b', 'c');
    const [, , w] = daemons.members('g', 'x@a', 'z@b', 'w@c') as [Client, Client, Client];
    daemons.change(['a'], ['b', 'c']);
    daemons.run();
    daemons.change(['a', 'b', 'c']);
    daemons.order();
    daemons.reach(['a', 'b', 'c']);
    daemons.order();
    daemons.reach(['c']);
    const used = lastIdOf(w);
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    daemons.change(['a', 'b', 'c']);
    daemons.run();
    const ids = w.inbox.frames
      .filter(({ body }) => body.length > 12)
      .map((frame) => groupIdOf(frame).join('.'));
    expect(used.join('.')).to.equal(ids[1]);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('are the same at all daemons when all members at one of them have returned in another part', () => {
    const daemons = Daemons.together('a', 'b', 'c');
    const [x] = daemons.members('g', 'x@a') as [Client];
    new Resumable(daemons.node('b').core, 'ann', 5n).join('g');
    daemons.run();
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    new Resumable(daemons.node('c').core, 'ann', 5n, 1).comeBack('#ann#b');
    daemons.run();
    daemons.change(['a', 'b', 'c']);
    daemons.run();
    const expected = { g: { id: lastIdOf(x).join('.'), members: ['#x#a'] } };
    for (const name of ['a', 'b', 'c'])
      expect(tableOf(daemons.node(name).core), name).to.deep.equal(expected);
    expect(x.told.at(-1)).to.equal('network g: #x#a (#x#a)');
  });

  it('are the same at all daemons when one that completed an exchange alone has taken a leave', () => {
    const daemons = new Daemons(['a', 'b', 'c', 'd']);
    daemons.change(['a', 'b', 'c'], ['d']);
    daemons.run();
    const [x, y] = daemons.members('g', 'x@a', 'y@b', 'z@c') as [Client, Client];
    for (const name of ['a', 'b', 'c']) daemons.node(name).holdsSafe = true;
    x.send('first', ['f'], SAFE_MESS).leave('g');
    daemons.order();
    daemons.reach(['a', 'b', 'c']);
    daemons.node('a').isDamaging = true;
    daemons.change(['a', 'b', 'c'], ['d']);
    daemons.run();
    const exchanging = ['a', 'b', 'c', 'd'].filter((name) => daemons.node(name).core.isExchanging);
    expect(exchanging).to.deep.equal(['b', 'c']);
    daemons.node('a').isDamaging = false;
    daemons.change(['a', 'b', 'c', 'd']);
    daemons.run();
    const expected = { g: { id: lastIdOf(y).join('.'), members: ['#y#b', '#z#c'] } };
    for (const name of ['a', 'b', 'c', 'd'])
      expect(tableOf(daemons.node(name).core), name).to.deep.equal(expected);
    expect(y.told).to.deep.equal(['transition g', 'network g: #y#b #z#c (#y#b #z#c)']);
  });
});
