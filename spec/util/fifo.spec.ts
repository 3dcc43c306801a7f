import { expect } from 'chai';
import { Fifo } from '../../lib/util/fifo.js';

describe('Fifo', () => {
  it('gives back what it got, in order, across its growth and the end of the ring', () => {
    const fifo = new Fifo<number>(2);
    const taken: (number | undefined)[] = [];
    for (let i = 0; i < 100; i++) {
      fifo.push(i);
      if (i % 3 === 0) taken.push(fifo.shift());
    }
    while (fifo.length > 0) taken.push(fifo.shift());
    expect(taken).to.deep.equal(Array.from({ length: 100 }, (_, i) => i));
  });

  it('is empty when everything was taken', () => {
    const fifo = new Fifo<string>();
    expect([fifo.length, fifo.peek(), fifo.shift(), fifo.length]).to.deep.equal([0, undefined, undefined, 0]);
    fifo.push('a');
    expect([fifo.peek(), fifo.length, fifo.shift(), fifo.peek()]).to.deep.equal(['a', 1, 'a', undefined]);
  });

  it('removes one item from anywhere and keeps the order of the others', () => {
    const fifo = new Fifo<string>(4);
    for (const item of ['x', 'a', 'b', 'c', 'd']) fifo.push(item);
    fifo.remove('b');
    fifo.remove('nobody');
    expect([fifo.shift(), fifo.shift(), fifo.shift(), fifo.shift(), fifo.length]).to.deep.equal([
      'x',
      'a',
      'c',
      'd',
      0,
    ]);
  });

  it('can be used again after it was cleared', () => {
    const fifo = new Fifo<number>(2);
    for (let i = 0; i < 5; i++) fifo.push(i);
    fifo.clear();
    expect([fifo.length, fifo.peek()]).to.deep.equal([0, undefined]);
    fifo.push(7);
    expect(fifo.shift()).to.equal(7);
  });
});
