import { expect } from 'chai';
import { FairQueue } from '../../daemon/core/fair-queue.js';

describe('core: a fair queue', () => {
  const all = (queue: FairQueue<string>): string[] => {
    const taken: string[] = [];
    for (let next = queue.next(); next !== undefined; next = queue.next()) taken.push(next);
    return taken;
  };

  /** Each of them is its address and a number. */
  function queueOf(...items: readonly string[]): FairQueue<string> {
    const queue = new FairQueue<string>();
    for (const item of items) queue.add(item.charAt(0), item);
    return queue;
  }

  it('gives each address one turn after the other, and each of its own in the order they came', () => {
    const queue = queueOf('a1', 'a2', 'a3', 'b1', 'c1', 'b2');
    expect(queue.size).to.equal(6);
    expect(all(queue)).to.deep.equal(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect([queue.size, queue.next()]).to.deep.equal([0, undefined]);
  });

  it('lets one that comes wait for one of each other address, however many those have', () => {
    const queue = queueOf('a1', 'a2', 'a3', 'b1', 'b2');
    queue.next();
    queue.add('c', 'c1');
    expect(all(queue).slice(0, 3)).to.deep.equal(['b1', 'a2', 'c1']);
  });

  it('takes the urgent ones of an address first, and no address twice for them', () => {
    const queue = queueOf('a1', 'a2', 'b1');
    for (const item of ['a3', 'a4']) queue.add('a', item, true);
    expect(all(queue)).to.deep.equal(['a3', 'b1', 'a4', 'a1', 'a2']);
  });

  it('forgets what is deleted, and counts nothing twice', () => {
    const queue = queueOf('a1', 'a2', 'b1', 'a1');
    queue.add('a', 'a2', true);
    expect(queue.size).to.equal(3);
    for (const item of ['a1', 'a9', 'b1', 'b1']) queue.delete(item.charAt(0), item);
    expect([queue.size, ...all(queue)]).to.deep.equal([1, 'a2']);
    const other = queueOf('a1', 'b1');
    other.delete('a', 'a1');
    expect([other.next(), other.size]).to.deep.equal(['b1', 0]);
  });
});
