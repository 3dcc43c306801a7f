import { expect } from 'chai';
import { systemPlatform } from '../../lib/mailbox/platform.js';
import { inOrderOfTrial } from '../../lib/mailbox/resolver.js';
import { Random } from '../support/random.js';

const record = (name: string, priority: number, weight: number) => ({ name, port: 4803, priority, weight });

describe('names of daemons', () => {
  it('of a service are tried by priority, and each once', () => {
    const all = [record('c', 20, 5), record('a', 10, 0), record('b', 10, 1), record('d', 30, 0)];
    const random = new Random(1);
    for (let i = 0; i < 100; i++) {
      const order = inOrderOfTrial(all, () => random.next()).map(({ name }) => name);
      expect(order.slice(0, 2).toSorted()).to.deep.equal(['a', 'b']);
      expect(order.slice(2)).to.deep.equal(['c', 'd']);
    }
  });

  it('of one priority come first as often as their weight says', () => {
    const random = new Random(1);
    const first = { light: 0, heavy: 0 };
    for (let i = 0; i < 4000; i++) {
      const [best] = inOrderOfTrial([record('light', 1, 1), record('heavy', 1, 3)], () => random.next());
      first[best?.name as keyof typeof first]++;
    }
    expect(first.heavy / 4000).to.be.closeTo(0.75, 0.05);
  });

  it('of hosts are looked up by the system', async () => {
    const found = await systemPlatform.resolver.host('localhost');
    expect(found.some((address) => address === '127.0.0.1' || address === '::1')).to.equal(true);
  });
});
