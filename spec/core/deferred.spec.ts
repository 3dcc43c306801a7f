/** Requests that are in flight when the daemon view changes [daemon 2.7.3, 2.7.4]. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { decodePayload } from '../../daemon/core/report-reader.js';
import { groupIdOf } from '../support/describe-frame.js';
import { REJECT_NOT_UNIQUE } from '../../lib/wire/codes.js';
import { nameField } from '../../lib/wire/name.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS, SAFE_MESS } from '../../lib/wire/service.js';
import { Daemons, forget, tableOf } from './daemons.js';
import { type Client, CoreWorld, type Payload } from './core-world.js';

/** Members of g: x at a, z at b, w at c. */
function three(): { daemons: Daemons; all: [Client, Client, Client] } {
  const daemons = Daemons.together('a', 'b', 'c');
  return { daemons, all: daemons.members('g', 'x@a', 'z@b', 'w@c') as [Client, Client, Client] };
}

/** Everything that is submitted in `requests` is ordered behind a safe message that is not stable anywhere. */
function heldBehindSafe(daemons: Daemons, sender: Client, requests: () => void): void {
  sender.send('safe', ['g'], SAFE_MESS);
  daemons.order();
  requests();
  daemons.order();
  for (const node of daemons.nodes.values()) node.holdsSafe = true;
  daemons.reach([...daemons.nodes.keys()]);
}

/** From now on safe messages are stable at once. */
function release(daemons: Daemons): void {
  for (const node of daemons.nodes.values()) node.holdsSafe = false;
}

describe('core: requests in flight', () => {
  it('that were delivered before the cut count in the old view, with those out of reach', () => {
    const { daemons, all } = three();
    const [x] = all;
    daemons.open('late', 'a').join('g');
    daemons.run();
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    expect(x.told).to.deep.equal([
      'join g: #late#a #x#a #z#b #w#c (#late#a)',
      'transition g',
      'network g: #late#a #x#a #z#b (#late#a #x#a #z#b)',
    ]);
  });

  it('that were not ordered come in the new view, with all that follows them, in the order of their session', () => {
    const { daemons, all } = three();
    const [x] = all;
    const late = daemons
      .open('late', 'b')
      .join('g')
      .send('one', ['g'])
      .leave('g')
      .send('two', ['g'])
      .disconnect();
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    expect(x.told).to.deep.equal([
      'transition g',
      'network g: #x#a #z#b (#x#a #z#b)',
      'join g: #x#a #late#b #z#b (#late#b)',
      '#late#b > g: one',
      'leave g: #x#a #z#b (#late#b)',
      '#late#b > g: two',
    ]);
    expect(x.inbox.frames.slice(1, 3).map((frame) => groupIdOf(frame)[2])).to.deep.equal([1, 2]);
    expect([late.inbox.closed, late.told]).to.deep.equal([1, []]);
  });

  it('that were ordered and reached nobody come in the new view', () => {
    const { daemons, all } = three();
    const [x] = all;
    daemons.open('late', 'b').join('g');
    daemons.order();
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    expect(x.told.at(-1)).to.equal('join g: #x#a #late#b #z#b (#late#b)');
  });

  it('that come behind the signal wait for the regular view, and are carried out at all daemons behind it', () => {
    const { daemons, all } = three();
    const [x, z, w] = all;
    const late = daemons.open('late', 'a');
    heldBehindSafe(daemons, x, () => {
      late.join('g').send('behind the join', ['g']);
      z.leave('g');
    });
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    const data = ['transition g', '#x#a > g: safe', '#late#a > g: behind the join'];
    expect(x.told).to.deep.equal([
      ...data,
      'network g: #x#a #z#b (#x#a #z#b)',
      'join g: #late#a #x#a #z#b (#late#a)',
      'leave g: #late#a #x#a (#z#b)',
    ]);
    expect(z.told).to.deep.equal([...x.told.slice(0, -1), 'self-leave g']);
    expect(late.told, 'the joiner has no transitional messages').to.deep.equal(x.told.slice(-2));
    expect(w.told, 'the other side is not concerned').to.deep.equal([...data, 'network g: #w#c (#w#c)']);
    expect(daemons.node('a').core.counters.deferred).to.equal(1);
    expect(daemons.node('c').core.counters.deferred).to.equal(0);
  });

  it('of several daemons are carried out in order of the daemons, whatever their place in the order was', () => {
    const { daemons, all } = three();
    const [x] = all;
    const [late, later] = [daemons.open('late', 'b'), daemons.open('later', 'a')];
    heldBehindSafe(daemons, x, () => {
      late.join('g');
      daemons.order();
      later.join('g');
    });
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    expect(x.told.slice(-2)).to.deep.equal([
      'join g: #later#a #x#a #z#b (#later#a)',
      'join g: #later#a #x#a #late#b #z#b (#late#b)',
    ]);
  });

  it('of one session stay in their order', () => {
    const { daemons, all } = three();
    const [x] = all;
    const late = daemons.open('late', 'b');
    heldBehindSafe(daemons, x, () => late.join('g').join('h').leave('g'));
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    expect(late.told).to.deep.equal([
      'join g: #x#a #late#b #z#b (#late#b)',
      'join h: #late#b (#late#b)',
      'self-leave g',
    ]);
  });

  it('wait also where their group lost nobody', () => {
    const { daemons, all } = three();
    const [x] = all;
    const [here, there] = daemons.members('safe', 'here@a', 'there@b') as [Client, Client];
    heldBehindSafe(daemons, x, () => daemons.open('late', 'b').join('safe'));
    daemons.change(['a', 'b'], ['c']);
    expect(here.told).to.deep.equal([]);
    daemons.run();
    const view = 'join safe: #here#a #late#b #there#b (#late#b)';
    expect([here.told, there.told]).to.deep.equal([[view], [view]]);
  });

  it('wait also at a merge, which loses nobody', () => {
    const daemons = Daemons.together('a', 'b');
    daemons.change(['a'], ['b']);
    daemons.run();
    const [x, y] = daemons.members('g', 'x@a', 'y@a') as [Client, Client];
    heldBehindSafe(daemons, x, () => y.leave('g'));
    daemons.change(['a', 'b']);
    expect(x.told).to.deep.equal(['#x#a > g: safe']);
    daemons.run();
    expect(x.told.slice(1)).to.deep.equal(['leave g: #x#a (#y#a)']);
  });

  it('wait on, when the exchange is cut off, and are carried out once', () => {
    const { daemons, all } = three();
    const [x, z] = all;
    const late = daemons.open('late', 'b');
    heldBehindSafe(daemons, x, () => late.join('g'));
    daemons.change(['a', 'b'], ['c']);
    daemons.order();
    daemons.reach(['a'], 1);
    daemons.change(['a', 'b', 'c']);
    daemons.order();
    daemons.reach(['c'], 2);
    daemons.change(['a', 'b']);
    daemons.run();
    const told = ['transition g', '#x#a > g: safe', 'network g: #x#a #z#b (#x#a) (#z#b)'];
    const view = 'join g: #x#a #late#b #z#b (#late#b)';
    expect([x.told, z.told, late.told]).to.deep.equal([[...told, view], [...told, view], [view]]);
    expect(daemons.node('b').core.counters).to.include({ deferred: 1, exchanges: 2 });
  });

  it('that some carried out before the next cut are carried out again by those who had not', () => {
    const { daemons, all } = three();
    const [x, z] = all;
    const late = daemons.open('late', 'a');
    heldBehindSafe(daemons, x, () => late.join('g'));
    daemons.change(['a', 'b']);
    daemons.order();
    daemons.reach(['b']);
    expect(z.told.at(-1), 'b is through').to.equal('join g: #late#a #x#a #z#b (#late#a)');
    daemons.node('a').receive(1);
    daemons.change(['a', 'b']);
    daemons.run();
    expect(z.told.slice(-3)).to.deep.equal([
      'transition g',
      'network g: #x#a #z#b (#x#a) (#z#b)',
      'join g: #late#a #x#a #z#b (#late#a)',
    ]);
    expect(late.told).to.deep.equal(z.told.slice(-1));
    expect(tableOf(daemons.node('a').core)).to.deep.equal(tableOf(daemons.node('b').core));
  });

  describe('a disconnect that waits', () => {
    function withDisconnect(): { daemons: Daemons; all: [Client, Client, Client]; y: Client } {
      const { daemons, all } = three();
      const [y] = daemons.members('g', 'y@b') as [Client];
      forget(...all);
      heldBehindSafe(daemons, all[0], () => y.disconnect());
      daemons.change(['a', 'b'], ['c']);
      return { daemons, all, y };
    }

    it('leaves the session in the regular view, then takes it out, closes it and frees the name', () => {
      const { daemons, all, y } = withDisconnect();
      const { roster } = daemons.node('b').core;
      expect([y.inbox.closed, roster.reserve('y')]).to.deep.equal([0, REJECT_NOT_UNIQUE]);
      daemons.run();
      expect(all[0].told.slice(-2)).to.deep.equal([
        'network g: #x#a #y#b #z#b (#x#a #y#b #z#b)',
        'disconnect g: #x#a #z#b (#y#b)',
      ]);
      expect([y.told, y.inbox.closed, roster.reserve('y')]).to.deep.equal([[], 1, '#y#b']);
    });

    it('does not take out the next session of that name', () => {
      const { daemons, all } = withDisconnect();
      daemons.run();
      release(daemons);
      const next = daemons.open('y', 'b').join('g');
      daemons.run();
      daemons.change(['a', 'b', 'c']);
      daemons.run();
      expect(next.inbox.closed).to.equal(0);
      expect(all[0].told.at(-1)).to.equal('network g: #x#a #y#b #z#b #w#c (#x#a #y#b #z#b) (#w#c)');
    });

    it('ends a session that is in no group as well', () => {
      const { daemons, all } = three();
      const loner = daemons.open('loner', 'b');
      heldBehindSafe(daemons, all[0], () => loner.disconnect());
      daemons.change(['a', 'b'], ['c']);
      daemons.run();
      expect([loner.inbox.closed, daemons.node('b').core.roster.size]).to.deep.equal([1, 1]);
    });

    it('comes behind the joins that the session asked for before', () => {
      const { daemons, all } = three();
      const [x] = all;
      const late = daemons.open('late', 'b');
      heldBehindSafe(daemons, x, () => late.join('g').disconnect());
      daemons.change(['a', 'b'], ['c']);
      daemons.run();
      expect(x.told.slice(-2)).to.deep.equal([
        'join g: #x#a #late#b #z#b (#late#b)',
        'disconnect g: #x#a #z#b (#late#b)',
      ]);
      expect(late.inbox.closed).to.equal(1);
    });
  });

  it('are reported with their groups, and a disconnect without one', () => {
    const world = new CoreWorld();
    const bob = world.open('bob').join('g').leave('g').disconnect();
    world.core.flush();
    world.core.transitional(['d']);
    for (const { payload } of world.order.take()) world.core.deliver(payload);
    world.core.install({ tag: 2n, daemons: ['d'], set: ['d'], time: 1001 });
    const [head] = world.order.take() as [Payload];
    const sender = nameField(bob.name);
    expect(decodePayload(head.payload, 'd'))
      .to.have.nested.property('head.requests')
      .that.deep.equals([
        { kind: JOIN_MESS, sender, group: nameField('g') },
        { kind: LEAVE_MESS, sender, group: nameField('g') },
        { kind: KILL_MESS, sender, group: Buffer.alloc(32) },
      ]);
  });

  it('of a daemon that went are nobody’s', () => {
    const { daemons, all } = three();
    const [x, z] = all;
    heldBehindSafe(daemons, x, () => daemons.open('late', 'c').join('g'));
    daemons.crash('c');
    daemons.change(['a', 'b']);
    daemons.run();
    expect([x.told.at(-1), z.told.length]).to.deep.equal(['network g: #x#a #z#b (#x#a #z#b)', 3]);
  });
});
