/**
 * Requests that are in flight when the daemon view changes [daemon 2.7.3, 2.7.4]: what the written scenarios of
 * `spec/simulation/scenarios` cannot say, since it needs the place of each daemon in the order.
 */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { decodePayload } from '../../daemon/core/report-reader.js';
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

describe('core: requests in flight', () => {
  it('that were ordered and reached nobody come in the new view', () => {
    const { daemons, all } = three();
    const [x] = all;
    daemons.open('late', 'b').join('g');
    daemons.order();
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    expect(x.told.at(-1)).to.equal('join g: #x#a #late#b #z#b (#late#b)');
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

    it('ends a session that is in no group as well', () => {
      const { daemons, all } = three();
      const loner = daemons.open('loner', 'b');
      heldBehindSafe(daemons, all[0], () => loner.disconnect());
      daemons.change(['a', 'b'], ['c']);
      daemons.run();
      expect([loner.inbox.closed, daemons.node('b').core.roster.size]).to.deep.equal([1, 1]);
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
});
