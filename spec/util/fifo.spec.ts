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

  it('takes everything out in order, across the end of the ring', () => {
    const fifo = new Fifo<number>(4);
    for (let i = 0; i < 3; i++) fifo.push(i);
    fifo.shift();
    fifo.shift();
    for (let i = 3; i < 6; i++) fifo.push(i);
    expect([fifo.items(), fifo.length]).to.deep.equal([[2, 3, 4, 5], 4]);
    expect(fifo.drain()).to.deep.equal([2, 3, 4, 5]);
    expect([fifo.length, fifo.peek(), fifo.shift(), fifo.drain()]).to.deep.equal([
      0,
      undefined,
      undefined,
      [],
    ]);
    fifo.push(9);
    expect(fifo.drain()).to.deep.equal([9]);
  });

  it('puts items back before all others, growing when it must', () => {
    const fifo = new Fifo<number>(4);
    for (const item of [1, 2, 3]) fifo.push(item);
    fifo.putBack([fifo.shift() as number, 9]);
    fifo.putBack([]);
    fifo.putBack([-3, -2, -1, 0]);
    fifo.push(4);
    expect(fifo.length).to.equal(9);
    expect(fifo.drain()).to.deep.equal([-3, -2, -1, 0, 1, 9, 2, 3, 4]);
  });

  it('puts items back in a ring that is full, and is empty when they are taken', () => {
    const fifo = new Fifo<number>(4);
    for (const item of [1, 2, 3, 4]) fifo.push(item);
    fifo.putBack([0]);
    expect(Array.from({ length: 5 }, () => fifo.shift())).to.deep.equal([0, 1, 2, 3, 4]);
    expect([fifo.length, fifo.peek()]).to.deep.equal([0, undefined]);
  });

  describe('keeps', () => {
    const ringOf = (fifo: object): readonly unknown[] => (fifo as { ring: unknown[] }).ring;

    it('nothing that it gave back', () => {
      const fifo = new Fifo<object>(8);
      for (let i = 0; i < 6; i++) fifo.push({});
      fifo.shift();
      expect(ringOf(fifo).filter((item) => item !== undefined)).to.have.length(5);
      fifo.drain();
      expect(ringOf(fifo).filter((item) => item !== undefined)).to.have.length(0);
    });

    it('the places for what waits, however many items pass through', () => {
      const fifo = new Fifo<number>();
      for (let i = 0; i < 5000; i++) {
        fifo.push(i);
        if (i >= 10) fifo.shift();
      }
      expect(ringOf(fifo)).to.have.length(16);
    });

    it('its few places when it was cleared', () => {
      const fifo = new Fifo<number>();
      fifo.push(1);
      fifo.clear();
      expect(ringOf(fifo)).to.have.length(16);
    });

    for (const [how, empty] of [
      [
        'taken out one by one',
        (fifo: Fifo<number>) => {
          let i = 0;
          for (; fifo.length > 0; i++) if (fifo.shift() !== i) throw new Error(`${i} is not next`);
          expect(i).to.equal(50_000);
        },
      ],
      ['drained', (fifo: Fifo<number>) => void fifo.drain()],
      ['cleared', (fifo: Fifo<number>) => fifo.clear()],
    ] as const) {
      it(`not the places of a burst that was ${how}`, () => {
        const fifo = new Fifo<number>();
        for (let i = 0; i < 50_000; i++) fifo.push(i);
        expect(fifo.length).to.equal(50_000);
        empty(fifo);
        expect(ringOf(fifo).length).to.be.below(20_000);
        fifo.push(7);
        expect([fifo.length, fifo.shift()]).to.deep.equal([1, 7]);
      });
    }
  });
});
