/** The core towards the engine while reports are exchanged. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Core } from '../../daemon/core/core.js';
import { Daemons } from './daemons.js';
import { QueueOrder } from './world.js';

describe('core: daemon views and the engine', () => {
  it('begin with one payload for the exchange and end it with one word to the engine', () => {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1 }, order);
    expect([core.view, core.isExchanging]).to.deep.equal([null, false]);
    const view = { tag: 5n, daemons: ['a'], set: ['a'], time: 1000 };
    core.install(view);
    expect([core.view, core.isExchanging, order.proceeded]).to.deep.equal([view, true, 0]);
    const [report, ...others] = order.take();
    expect([others.length, report?.safe]).to.deep.equal([0, false]);
    core.exchange(report?.payload as Buffer);
    expect([core.isExchanging, order.proceeded, core.counters.exchanges]).to.deep.equal([false, 1, 1]);
  });

  it('take no report when no exchange is under way, be it too late or before the first view', () => {
    const daemons = Daemons.together('a', 'b');
    const { core } = daemons.node('a');
    core.exchange(Buffer.alloc(3));
    core.transitional(['a']);
    core.exchange(Buffer.alloc(3));
    expect(core.counters).to.include({ damaged: 0, exchanges: 1 });
  });

  it('take no report of a view that is over', () => {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1 }, order);
    core.install({ tag: 5n, daemons: ['a'], set: ['a'], time: 1000 });
    core.transitional(['a']);
    for (const { payload } of order.take()) core.exchange(payload);
    expect([core.counters.exchanges, order.proceeded, core.isExchanging]).to.deep.equal([0, 0, false]);
  });

  it('count a report that cannot be read, and wait on', () => {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1 }, order);
    core.install({ tag: 5n, daemons: ['a'], set: ['a'], time: 1000 });
    const payload = order.take()[0]?.payload as Buffer;
    core.exchange(payload.subarray(0, 40));
    expect([core.counters.damaged, core.isExchanging]).to.deep.equal([1, true]);
    core.exchange(payload);
    expect([core.counters.damaged, core.isExchanging]).to.deep.equal([1, false]);
  });
});
