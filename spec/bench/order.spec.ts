/** How the bench of orders compares what clients have heard, and when it fails. */
import { expect } from 'chai';
import { compareOrders, orderFault, type OrderRow } from '../../scripts/bench/order.js';

const row = (kind: string, pairs: number): OrderRow => ({ kind, broadcasts: 10, pairs, of: 36, rate: 1 });

describe('the bench of orders', () => {
  for (const [what, heard, pairs, of] of [
    ['one order at all clients', ['abcd', 'abcd', 'abcd'], 0, 6],
    ['two neighbours the other way round at one client', ['abcd', 'acbd', 'abcd'], 1, 6],
    ['the opposite order', ['abcd', 'dcba'], 3, 3],
    ['an event that another client did not get', ['abcd', 'abd', 'abcd'], 2, 6],
    ['one client', ['abcd'], 0, 0],
    ['one event', ['a', 'a'], 0, 0],
    ['no event', ['', ''], 0, 0],
  ] as const) {
    it(`counts ${pairs} of ${of} pairs for ${what}`, () => {
      expect(compareOrders(heard.map((each) => each.split('')))).to.deep.equal({ pairs, of });
    });
  }

  it('fails where pairs of this toolkit are inverted, and not for those of another adapter', () => {
    expect(orderFault([row('ours', 0), row('redis', 9)])).to.equal(null);
    expect(orderFault([])).to.equal(null);
    expect(orderFault([row('ours', 1), row('redis', 0)])).to.equal(
      'expected no inverted pairs with ssp-toolkit/socket.io, got 1 of 36',
    );
  });
});
