/** Cores whose daemon view names them in another order than the one before. */
import { expect } from 'chai';
import { Core } from '../../daemon/core/core.js';
import type { SessionTraits } from '../../daemon/core/group.js';
import { Client, type Payload, QueueOrder } from './core-world.js';
import { FIXED_KEY } from '../support/fixed-key.js';
import { ViewLog } from './view-log.js';

class OrderedCores {
  private readonly orders: QueueOrder[];
  private readonly cores: Core[];

  constructor(private readonly names: readonly string[]) {
    this.orders = names.map(() => new QueueOrder());
    this.cores = names.map(
      (name, i) => new Core({ name, id: i + 1, hashKey: FIXED_KEY }, this.orders[i] as QueueOrder),
    );
  }

  open(name: string, daemon: string, traits: SessionTraits = {}): Client {
    const core = this.cores[this.names.indexOf(daemon)] as Core;
    return new Client({ core }, name, true, null, '', traits);
  }

  settle(daemons: readonly string[] = this.names): void {
    const cores = this.cores.filter((_, i) => daemons.includes(this.names[i] as string));
    for (;;) {
      for (const core of cores) core.flush();
      const taken = this.orders.flatMap((order, i) =>
        order.take().map((payload) => ({ payload, from: this.names[i] as string })),
      );
      for (const { payload, from } of taken) for (const core of cores) give(core, payload, from);
      for (const core of cores) core.endTurn();
      if (taken.length === 0) return;
    }
  }

  install(tag: bigint, daemons: readonly string[], isSameSet: boolean): void {
    for (const name of daemons) {
      const core = this.cores[this.names.indexOf(name)] as Core;
      if (isSameSet) core.transitional(daemons);
      core.install({ tag, daemons, set: isSameSet ? daemons : [name], time: 1000 + Number(tag) });
    }
    this.settle(daemons);
  }
}

describe('core: the order of the daemons in a view', () => {
  it('orders members again where daemons that stay together change places', () => {
    const world = new OrderedCores(['a', 'b']);
    world.install(1n, ['a', 'b'], false);
    const [x, z] = [world.open('x', 'a'), world.open('z', 'b')];
    x.join('g');
    world.settle();
    z.join('g');
    world.settle();
    expect(z.told.at(-1)).to.equal('join g: #x#a #z#b (#z#b)');
    world.install(2n, ['b', 'a'], true);
    const y = world.open('y', 'a').join('g');
    world.settle();
    for (const client of [x, y, z]) expect(client.told.at(-1)).to.equal('join g: #z#b #x#a #y#a (#y#a)');
  });

  it('gives those with compact views the list again, be it with a view or without', () => {
    const world = new OrderedCores(['a', 'b', 'c']);
    world.install(1n, ['a', 'b', 'c'], false);
    const compact = { compact: true };
    const [x, z, lost] = [
      world.open('x', 'a', compact),
      world.open('z', 'b', compact),
      world.open('lost', 'c'),
    ];
    const logs = [x, z].map((client) => new ViewLog(client.name, true));
    for (const [i, { inbox }] of [x, z].entries())
      inbox.onFrame = (frame, bytes) => logs[i]?.take(frame, bytes);
    x.join('g').join('h');
    z.join('g').join('h');
    lost.join('h');
    world.settle();
    world.install(2n, ['b', 'a'], true);
    const last = (log: ViewLog, group: string): readonly (readonly string[] | null | undefined)[] =>
      log.spells.filter((spell) => spell.group === group).map(({ entries }) => entries.at(-1)?.members);
    for (const log of logs) expect(last(log, 'h')).to.deep.equal([['#z#b', '#x#a']]);
    const y = world.open('y', 'a').join('g').join('h');
    world.settle(['a', 'b']);
    expect(y.told).to.have.length(2);
    for (const log of logs) {
      // The answer was not asked for, and is in another order than the list before it.
      expect(log.faults).to.deep.equal([`${log.name}: the answer is #z#b,#x#a, expected #x#a,#z#b`]);
      for (const group of ['g', 'h']) expect(last(log, group)).to.deep.equal([['#z#b', '#x#a', '#y#a']]);
    }
  });
});

const give = (core: Core, { payload }: Payload, from: string): void => {
  if (core.isExchanging) core.exchange(payload, from);
  else core.deliver(payload);
};
