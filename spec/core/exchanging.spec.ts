/** The core towards the engine while reports are exchanged. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Core } from '../../daemon/core/core.js';
import { encodeVerdict, REPORT_VERSION } from '../../daemon/core/report.js';
import { tagOf } from '../../daemon/core/report-reader.js';
import { Daemons } from './daemons.js';
import { type Payload, QueueOrder } from './core-world.js';
import { FIXED_KEY } from '../support/fixed-key.js';

describe('core: daemon views and the engine', () => {
  it('begin with one payload for the exchange and end it with one word to the engine', () => {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order);
    expect([core.view, core.isExchanging]).to.deep.equal([null, false]);
    const view = { tag: 5n, daemons: ['a'], set: ['a'], time: 1000 };
    core.install(view);
    expect([core.view, core.isExchanging, order.proceeded]).to.deep.equal([view, true, 0]);
    const [report, ...others] = order.take();
    expect([others.length, report?.safe]).to.deep.equal([0, false]);
    core.exchange(report?.payload as Buffer, 'a');
    expect([core.isExchanging, order.proceeded, core.counters.exchanges]).to.deep.equal([false, 1, 1]);
  });

  it('are awaited from nobody before the first, and after a cut', () => {
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, new QueueOrder());
    expect(core.awaited).to.deep.equal([]);
    core.install({ tag: 5n, daemons: ['a', 'b'], set: ['a'], time: 1000 });
    expect(core.awaited).to.deep.equal(['a', 'b']);
    core.transitional(['a']);
    expect(core.awaited).to.deep.equal([]);
  });

  it('have reports of the version that the daemon is given', () => {
    for (const [more, expected] of [
      [{ reportVersion: 9 }, 9],
      [{}, REPORT_VERSION],
    ] as const) {
      const order = new QueueOrder();
      const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY, ...more }, order);
      core.install({ tag: 5n, daemons: ['a'], set: ['a'], time: 1000 });
      const [head] = order.take() as [Payload];
      expect([tagOf(head.payload, expected), tagOf(head.payload, expected + 1)]).to.deep.equal([5n, null]);
      core.exchange(head.payload, 'a');
      expect(core.isExchanging).to.equal(false);
    }
  });

  it('take no report when no exchange is under way, be it too late or before the first view', () => {
    const daemons = Daemons.together('a', 'b');
    const { core } = daemons.node('a');
    core.exchange(Buffer.alloc(3), 'b');
    core.transitional(['a']);
    core.exchange(Buffer.alloc(3), 'b');
    expect(core.counters).to.include({ damaged: 0, exchanges: 1 });
  });

  it('take no report of a daemon that is not in the view', () => {
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, new QueueOrder());
    core.install({ tag: 5n, daemons: ['a', 'b'], set: ['a'], time: 1000 });
    core.exchange(Buffer.alloc(3), 'c');
    expect([core.counters.damaged, core.awaited]).to.deep.equal([0, ['a', 'b']]);
  });

  it('take no report of a view that is over', () => {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order);
    core.install({ tag: 5n, daemons: ['a'], set: ['a'], time: 1000 });
    core.transitional(['a']);
    for (const { payload } of order.take()) core.exchange(payload, 'a');
    expect([core.counters.exchanges, order.proceeded, core.isExchanging]).to.deep.equal([0, 0, false]);
  });

  it('leave out a daemon whose report cannot be read, when all have said whom they cannot read', () => {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order);
    core.install({ tag: 5n, daemons: ['a', 'b', 'c'], set: ['a'], time: 1000 });
    const [head] = order.take();
    const { payload } = head as Payload;
    core.exchange(payload, 'a');
    core.exchange(payload.subarray(0, 40), 'b');
    core.exchange(payload, 'c');
    expect([core.counters.damaged, core.isExchanging, order.excluded]).to.deep.equal([1, true, []]);
    const [verdict, ...others] = order.take();
    expect([core.awaited, others.length]).to.deep.equal([['a', 'c'], 0]);
    core.exchange(verdict?.payload as Buffer, 'a');
    core.exchange(encodeVerdict(5n, []), 'c');
    expect(order.excluded).to.have.length(1);
    expect(order.excluded[0]).to.match(/^b: /);
    expect([order.proceeded, core.awaited, order.take()]).to.deep.equal([0, [], []]);
  });

  /** The exchange of `a` with these, of which all can be read; then each says whom it cannot read, and why. */
  function judged(
    daemons: readonly string[],
    accused: Readonly<Record<string, readonly string[]>>,
  ): string[] {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order);
    core.install({ tag: 5n, daemons, set: ['a'], time: 1000 });
    const [head] = order.take() as [Payload];
    for (const daemon of daemons) core.exchange(head.payload, daemon);
    for (const by of daemons) {
      const faults = (accused[by] ?? []).map((daemon) => ({ daemon, text: `${by} says so` }));
      core.exchange(encodeVerdict(5n, faults), by);
    }
    return [...order.excluded];
  }

  it('leave out each with the reason that it is left out for', () => {
    expect(judged(['a', 'b', 'c', 'd', 'e'], { d: ['b', 'c'], e: ['c', 'b'] })).to.deep.equal([
      'b: d says so',
      'c: d says so',
    ]);
  });

  it('leave out one that cannot read most of the others, who can read it', () => {
    expect(judged(['a', 'b', 'c', 'd'], { d: ['a', 'b', 'c'] })).to.deep.equal([
      'd: cannot read most of the others: d says so',
    ]);
  });

  it('leave out nobody for a verdict on somebody who is not there', () => {
    class Counting extends QueueOrder {
      calls = 0;

      override exclude(): void {
        this.calls++;
      }
    }
    const order = new Counting();
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order);
    core.install({ tag: 5n, daemons: ['a', 'b'], set: ['a'], time: 1000 });
    const [head] = order.take();
    for (const daemon of ['a', 'b']) core.exchange(head?.payload as Buffer, daemon);
    core.exchange(encodeVerdict(5n, [{ daemon: 'nobody', text: 'of another kind' }]), 'b');
    const [answer] = order.take();
    core.exchange(answer?.payload as Buffer, 'a');
    expect([core.awaited, order.calls, order.take()]).to.deep.equal([[], 0, []]);
  });

  it('need no payload of the own daemon that can be read: what it meant to say it knows', () => {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order);
    core.install({ tag: 5n, daemons: ['a'], set: ['a'], time: 1000 });
    const [head] = order.take() as [Payload];
    core.exchange(head.payload.subarray(0, 40), 'a');
    expect([order.proceeded, core.isExchanging, core.counters.damaged]).to.deep.equal([1, false, 0]);
  });

  it('answer the verdict of another daemon, also when they could read everything', () => {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order);
    core.install({ tag: 5n, daemons: ['a', 'b', 'c'], set: ['a'], time: 1000 });
    const [head] = order.take();
    for (const daemon of ['a', 'b', 'c']) core.exchange(head?.payload as Buffer, daemon);
    expect([core.isExchanging, order.proceeded]).to.deep.equal([false, 1]);
    core.exchange(encodeVerdict(5n, [{ daemon: 'b', text: 'of another kind' }]), 'c');
    const [answer] = order.take();
    core.exchange(answer?.payload as Buffer, 'a');
    expect(order.excluded).to.deep.equal([]);
    core.exchange(encodeVerdict(5n, []), 'b');
    expect(order.excluded).to.deep.equal(['b: of another kind']);
  });
});
