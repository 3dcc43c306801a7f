/** Two cores whose daemon view names them in another order than the one before. */
import { expect } from 'chai';
import { Core } from '../../daemon/core/core.js';
import { Client, type Payload, QueueOrder } from './core-world.js';
import { FIXED_KEY } from '../support/fixed-key.js';

describe('core: the order of the daemons in a view', () => {
  it('orders members again where daemons that stay together change places', () => {
    const names = ['a', 'b'];
    const orders = names.map(() => new QueueOrder());
    const cores = names.map(
      (name, i) => new Core({ name, id: i + 1, hashKey: FIXED_KEY }, orders[i] as QueueOrder),
    );
    const settle = (): void => {
      for (;;) {
        for (const core of cores) core.flush();
        const taken = orders.flatMap((order, i) =>
          order.take().map((payload) => ({ payload, from: names[i] })),
        );
        if (taken.length === 0) return;
        for (const { payload, from } of taken) for (const core of cores) give(core, payload, from as string);
      }
    };
    const install = (tag: bigint, daemons: readonly string[], isSameSet: boolean): void => {
      for (const [i, core] of cores.entries()) {
        if (isSameSet) core.transitional(names);
        core.install({
          tag,
          daemons,
          set: isSameSet ? names : [names[i] as string],
          time: 1000 + Number(tag),
        });
      }
      settle();
    };
    install(1n, ['a', 'b'], false);
    const [x, z] = [new Client({ core: cores[0] as Core }, 'x'), new Client({ core: cores[1] as Core }, 'z')];
    x.join('g');
    settle();
    z.join('g');
    settle();
    expect(z.told.at(-1)).to.equal('join g: #x#a #z#b (#z#b)');
    install(2n, ['b', 'a'], true);
    const y = new Client({ core: cores[0] as Core }, 'y').join('g');
    settle();
    for (const client of [x, y, z]) expect(client.told.at(-1)).to.equal('join g: #z#b #x#a #y#a (#y#a)');
  });
});

const give = (core: Core, { payload }: Payload, from: string): void => {
  if (core.isExchanging) core.exchange(payload, from);
  else core.deliver(payload);
};
