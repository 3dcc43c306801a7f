/** Messages that wait, of which the oldest volatile one can be dropped. */
import { expect } from 'chai';
import { WaitingMessages } from '../../../lib/adapters/socket.io/waiting-messages.js';

describe('socket.io: waiting messages', () => {
  interface Item {
    readonly number: number;
    readonly isVolatile: boolean;
  }
  let waiting: WaitingMessages<Item>;
  /** Times that an item was looked at. */
  let looks: number;

  const push = (number: number, isVolatile = false): void =>
    waiting.push({
      number,
      get isVolatile() {
        looks++;
        return isVolatile;
      },
    });
  const taken = (): (number | undefined)[] => {
    const numbers: (number | undefined)[] = [];
    while (waiting.length > 0) numbers.push(waiting.shift()?.number);
    return numbers;
  };

  beforeEach(() => {
    waiting = new WaitingMessages();
    looks = 0;
  });

  it('come out in their order, without those that were dropped', () => {
    for (let i = 0; i < 8; i++) push(i, i % 3 === 1);
    expect([waiting.length, waiting.shift()?.number, waiting.shift()?.number]).to.deep.equal([8, 0, 1]);
    expect([waiting.dropVolatile()?.number, waiting.length]).to.deep.equal([4, 5]);
    expect([waiting.dropVolatile()?.number, waiting.length]).to.deep.equal([7, 4]);
    expect([waiting.dropVolatile(), waiting.length]).to.deep.equal([undefined, 4]);
    push(8, true);
    expect(taken()).to.deep.equal([2, 3, 5, 6, 8]);
    expect([waiting.shift(), waiting.dropVolatile()]).to.deep.equal([undefined, undefined]);
  });

  it('all come out at once', () => {
    for (let i = 0; i < 4; i++) push(i, true);
    waiting.dropVolatile();
    expect(waiting.drain().map(({ number }) => number)).to.deep.equal([1, 2, 3]);
    expect([waiting.length, waiting.dropVolatile()]).to.deep.equal([0, undefined]);
    push(5);
    expect(taken()).to.deep.equal([5]);
  });

  it('are not all looked at for each that is dropped, and leave no places behind', () => {
    for (let i = 0; i < 5_000; i++) push(i);
    for (let i = 5_000; i < 20_000; i++) {
      push(i, true);
      expect(waiting.dropVolatile()?.number).to.equal(i);
    }
    expect(looks).to.equal(20_000);
    expect(waiting.length).to.equal(5_000);
    expect((waiting as unknown as { all: { length: number } }).all.length).to.be.below(11_000);
    expect(taken()).to.deep.equal(Array.from({ length: 5_000 }, (_, i) => i));
  });
});
