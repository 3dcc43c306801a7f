import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Core } from '../../daemon/core/core.js';
import { encodeHead, PART_BYTES, PartWriter } from '../../daemon/core/report.js';
import { decodePayload, tagOf } from '../../daemon/core/report-reader.js';
import { MAX_WAITING_BYTES, type Slices, Workbench } from '../../daemon/core/work.js';
import { tableOf } from './daemons.js';
import { Client, type Payload, QueueOrder } from './core-world.js';
import { FIXED_KEY } from '../support/fixed-key.js';

/** Slices that are called for by hand. */
class ByHand implements Slices {
  asked = 0;

  constructor(private readonly units: number) {}

  size(): number {
    return this.units;
  }

  later(): void {
    this.asked++;
  }
}

function* work(said: string[], name: string, pieces: number): Generator<number, void> {
  for (let i = 1; i <= pieces; i++) {
    said.push(`${name}${i}`);
    yield 1;
  }
}

describe('core: work in slices', () => {
  it('is done at once when the slice has room for it', () => {
    const said: string[] = [];
    const bench = new Workbench(new ByHand(10));
    bench.add(() => work(said, 'a', 3));
    expect([said, bench.isBusy]).to.deep.equal([['a1', 'a2', 'a3'], false]);
  });

  it('counts bytes as waiting only until their turn', () => {
    const said: string[] = [];
    const slices = new ByHand(1);
    const bench = new Workbench(slices);
    const half = MAX_WAITING_BYTES / 2 + 1;
    bench.add(() => null);
    for (const name of ['a', 'b', 'c']) {
      bench.add(() => work(said, name, 1), 1, half);
      expect(said, `${name} waits`).not.to.include(`${name}1`);
      for (let i = 0; i < 3; i++) bench.step();
    }
    expect([said, bench.isBusy]).to.deep.equal([['a1', 'b1', 'c1'], false]);
  });

  it('continues in the next slice, and what comes meanwhile waits in its order', () => {
    const said: string[] = [];
    const slices = new ByHand(3);
    const bench = new Workbench(slices);
    const say = (text: string) => (): null => {
      said.push(text);
      return null;
    };
    bench.add(() => work(said, 'a', 4));
    bench.add(say('b'));
    bench.add(() => work(said, 'c', 2));
    bench.add(say('d'));
    const seen: string[] = [];
    for (let steps = 0; bench.isBusy; steps++) {
      seen.push(said.splice(0).join(' '));
      expect(slices.asked, 'once for each slice').to.equal(steps + 1);
      bench.step();
    }
    expect([...seen, said.join(' ')]).to.deep.equal(['a1 a2', 'a3 a4 b', 'c1 c2', 'd']);
  });

  it('keeps what its own work brings behind what waits', () => {
    const said: string[] = [];
    const bench = new Workbench(new ByHand(100));
    bench.add(() => {
      bench.add(() => work(said, 'inner', 1));
      return work(said, 'outer', 2);
    });
    expect(said).to.deep.equal(['outer1', 'outer2', 'inner1']);
  });

  it('is done to its end when too many bytes wait for it', () => {
    const said: string[] = [];
    const bench = new Workbench(new ByHand(2));
    bench.add(() => work(said, 'a', 1000));
    bench.add(() => null, 1, MAX_WAITING_BYTES);
    expect([said.length, bench.isBusy]).to.deep.equal([1, true]);
    bench.add(() => null, 1, 1);
    expect([said.length, bench.isBusy]).to.deep.equal([1000, false]);
  });

  it('keeps nothing of what is done', () => {
    const bench = new Workbench(new ByHand(10));
    for (let i = 0; i < 100; i++) {
      bench.add(() => null);
      if (i % 10 === 9) bench.step();
    }
    while (bench.isBusy) bench.step();
    expect((bench as unknown as { waiting: unknown[] }).waiting).to.have.length(0);
  });

  /** What a daemon with many groups does when another one with many comes, in slices of a number of units. */
  function merged(units: number): { told: string[]; table: object; slices: number } {
    const [order, slices] = [new QueueOrder(), new ByHand(units)];
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order, slices);
    const client = new Client({ core }, 'x');
    let count = 0;
    const settle = (): void => {
      for (let any = true; any;) {
        for (; core.isExchanging && slices.asked > count; count++) core.step();
        const taken = order.take();
        for (const { payload } of taken) core.exchange(payload, 'a');
        any = taken.length > 0 || slices.asked > count;
      }
    };
    core.install({ tag: 1n, daemons: ['a'], set: ['a'], time: 1000 });
    settle();
    for (let i = 0; i < 100; i++) client.join(`g${i}`);
    core.flush();
    for (const { payload } of order.take()) core.deliver(payload);
    const before = client.told.length;
    core.transitional(['a']);
    core.install({ tag: 2n, daemons: ['a', 'b'], set: ['a'], time: 1001 });
    const head = { past: 9n, id: 2, time: 1001, features: 0, groups: 100, times: [], requests: [] };
    core.exchange(encodeHead(2n, head), 'b');
    const writer = new PartWriter(2n);
    for (let i = 70; i < 170; i++) writer.add(`g${i}`, [2, 900, 1], false, ['#y#b']);
    settle();
    core.exchange(writer.take(true), 'b');
    settle();
    expect(core.isExchanging).to.equal(false);
    return { told: client.told.slice(before), table: tableOf(core), slices: count };
  }

  it('comes to the same however the slices fall', () => {
    const whole = merged(Infinity);
    expect(whole.told).to.have.length(30);
    expect(whole.told[0]).to.equal('network g70: #x#a #y#b (#x#a) (#y#b)');
    expect(whole.told).to.deep.equal(whole.told.toSorted());
    for (const units of [1, 7, 50]) {
      const sliced = merged(units);
      expect(sliced.slices, `slices of ${units}`).to.be.above(whole.slices);
      expect([sliced.told, sliced.table]).to.deep.equal([whole.told, whole.table]);
    }
  });

  it('takes the longer the more bytes there are to read', () => {
    const slices = new ByHand(100);
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, new QueueOrder(), slices);
    // 50 units each, and one for being there: two in a slice.
    const payload = Buffer.alloc(1600);
    for (let i = 0; i < 3; i++) core.exchange(payload, 'b');
    for (let i = 0; i < 6; i++) core.deliver(payload);
    let steps = 0;
    for (; core.isExchanging; steps++) core.step();
    expect(steps).to.equal(4);
  });

  it('keeps a payload only where there is other work before it', () => {
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, new QueueOrder(), new ByHand(1));
    const payload = Buffer.alloc(1);
    core.exchange(payload, 'b');
    core.deliver(payload);
    expect([core.counters.damaged, core.isExchanging], 'the slice is used up').to.deep.equal([1, false]);
    core.exchange(payload, 'b');
    core.deliver(payload);
    expect([core.counters.damaged, core.isExchanging]).to.deep.equal([1, true]);
    while (core.isExchanging) core.step();
    expect(core.counters.damaged).to.equal(2);
  });

  it('says nothing to the engine in a view that the engine has left meanwhile', () => {
    const [order, slices] = [new QueueOrder(), new ByHand(1)];
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order, slices);
    let count = 0;
    const settle = (): void => {
      for (; slices.asked > count; count++) core.step();
    };
    core.install({ tag: 1n, daemons: ['a'], set: ['a'], time: 1000 });
    settle();
    for (const { payload } of order.take()) core.exchange(payload, 'a');
    for (const tag of [2n, 3n]) {
      core.transitional(['a']);
      core.install({ tag, daemons: ['a'], set: ['a'], time: 1001 });
    }
    settle();
    const sent = order.take();
    expect([order.proceeded, sent.map(({ payload }) => tagOf(payload))]).to.deep.equal([0, [3n]]);
    for (const { payload } of sent) core.exchange(payload, 'a');
    settle();
    expect(order.proceeded).to.equal(1);
  });

  it('tells others its groups in payloads of some size', () => {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order);
    core.install({ tag: 1n, daemons: ['a'], set: ['a'], time: 1000 });
    for (const { payload } of order.take()) core.exchange(payload, 'a');
    const client = new Client({ core }, 'x');
    for (let i = 0; i < 3000; i++) client.join(`a-group-with-a-name-${i}`);
    core.flush();
    for (const { payload } of order.take()) core.deliver(payload);
    core.install({ tag: 2n, daemons: ['a', 'b'], set: ['a'], time: 1001 });
    const head = { past: 9n, id: 2, time: 1001, features: 0, groups: 0, times: [], requests: [] };
    for (const { payload } of order.take()) core.exchange(payload, 'a');
    core.exchange(encodeHead(2n, head), 'b');
    const payloads = order.take().map(({ payload }) => payload);
    const parts = payloads.map((payload) => decodePayload(payload, 'a', false));
    expect(parts.map((read) => read.kind === 'part' && read.part.last)).to.deep.equal(
      payloads.map((_, i) => i === payloads.length - 1),
    );
    const sizes = payloads.map(({ length }) => length);
    const bytes = sizes.reduce((sum, each) => sum + each, 0);
    expect([Math.max(...sizes) < 1.01 * PART_BYTES, sizes.length]).to.deep.equal([
      true,
      Math.ceil(bytes / PART_BYTES),
    ]);
    expect(sizes.length).to.be.above(2);
  });

  it('does not need the groups of those who have the same past', () => {
    const order = new QueueOrder();
    const core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order);
    core.install({ tag: 1n, daemons: ['a'], set: ['a'], time: 1000 });
    for (const { payload } of order.take()) core.exchange(payload, 'a');
    const client = new Client({ core }, 'x');
    for (let i = 0; i < 1000; i++) client.join(`g${i}`);
    core.flush();
    for (const { payload } of order.take()) core.deliver(payload);
    core.transitional(['a']);
    core.install({ tag: 2n, daemons: ['a'], set: ['a'], time: 1001 });
    const sent = order.take();
    expect(sent).to.have.length(1);
    const { payload } = sent[0] as Payload;
    expect(payload.length).to.be.below(200);
    core.exchange(payload, 'a');
    expect([order.proceeded, core.groups.size]).to.deep.equal([2, 1000]);
  });
});
