import { expect } from 'chai';
import { AsyncQueue } from '../../lib/util/async-queue.js';

async function all<T>(loop: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of loop) items.push(item);
  return items;
}

const done = { done: true, value: undefined };

describe('AsyncQueue', () => {
  it('hands over what waits, then what comes, and ends after it', async () => {
    const queue = new AsyncQueue<number | null>();
    queue.push(1);
    queue.push(null);
    const items = all(queue.loop());
    await Promise.resolve();
    queue.push(3);
    queue.end();
    queue.push(4);
    expect(await items).to.deep.equal([1, null, 3]);
    expect(queue.length).to.equal(0);
  });

  it('answers calls in the order in which they were made', async () => {
    const queue = new AsyncQueue<number>();
    const loop = queue.loop();
    const calls = Promise.all([loop.next(), loop.next(), loop.next()]);
    queue.push(1);
    queue.push(2);
    queue.end();
    expect(await calls).to.deep.equal([{ done: false, value: 1 }, { done: false, value: 2 }, done]);
  });

  it('throws an error after what waits, once in each loop', async () => {
    const queue = new AsyncQueue<number>();
    queue.push(1);
    queue.end(new Error('lost'));
    queue.end();
    const loop = queue.loop();
    expect(await loop.next()).to.deep.equal({ done: false, value: 1 });
    for (const each of [loop, queue.loop()]) {
      expect(await each.next().catch((error: Error) => error.message)).to.equal('lost');
      expect(await each.next()).to.deep.equal(done);
    }
  });

  it('throws an error in the first of the calls that wait', async () => {
    const queue = new AsyncQueue<number>();
    const loop = queue.loop();
    const calls = Promise.allSettled([loop.next(), loop.next()]);
    const error = new Error('lost');
    queue.end(error);
    expect(await calls).to.deep.equal([
      { status: 'rejected', reason: error },
      { status: 'fulfilled', value: done },
    ]);
  });

  for (const ended of [false, true]) {
    it(`throws away what waits when it fails${ended ? ' after its end' : ''}`, async () => {
      const queue = new AsyncQueue<number>();
      queue.push(1);
      queue.push(3);
      if (ended) queue.end();
      queue.fail(new Error('given up'));
      queue.push(2);
      expect(queue.length).to.equal(0);
      const loop = queue.loop();
      expect(await loop.next().catch((error: Error) => error.message)).to.equal('given up');
      expect(await loop.next()).to.deep.equal(done);
    });
  }

  it('keeps for the next loop what one did not read', async () => {
    const queue = new AsyncQueue<number>();
    for (const item of [1, 2, 3]) queue.push(item);
    for await (const item of queue.loop()) if (item === 1) break;
    expect([queue.length, queue.items(), queue.take(), queue.length]).to.deep.equal([2, [2, 3], 2, 1]);
    queue.push(4);
    queue.end();
    expect(await all(queue.loop())).to.deep.equal([3, 4]);
  });

  it('gives no item to a call of a loop that was left', async () => {
    const queue = new AsyncQueue<number>();
    const loop = queue.loop();
    const call = loop.next();
    await loop.return?.();
    queue.push(1);
    expect([await call, await loop.next()]).to.deep.equal([done, done]);
    expect(queue.items()).to.deep.equal([1]);
  });

  it('lets the calls of one loop wait when another one is left', async () => {
    const queue = new AsyncQueue<number>();
    const [loop, other] = [queue.loop(), queue.loop()];
    const calls = [loop.next(), other.next()];
    await loop.return?.();
    queue.push(1);
    expect(queue.length).to.equal(0);
    expect(await Promise.all(calls)).to.deep.equal([done, { done: false, value: 1 }]);
  });

  it('tells what inherits from it of each item that waits, waits no more and is handed over', async () => {
    const seen: string[] = [];
    class Told extends AsyncQueue<number> {
      protected override kept(item: number): void {
        seen.push(`kept ${item}`);
      }
      protected override removed(item: number): void {
        seen.push(`removed ${item}`);
      }
      protected override handed(item: number): void {
        seen.push(`handed ${item}`);
      }
    }
    const queue = new Told();
    const loop = queue.loop();
    queue.push(1);
    await loop.next();
    const call = loop.next();
    queue.push(2);
    await call;
    for (const item of [3, 4]) queue.push(item);
    queue.take();
    queue.fail(new Error('given up'));
    expect(seen).to.deep.equal([
      'kept 1',
      'removed 1',
      'handed 1',
      'handed 2',
      'kept 3',
      'kept 4',
      'removed 3',
      'removed 4',
    ]);
  });

  for (const how of ['left', 'ended']) {
    it(`says once that a loop has ${how === 'left' ? 'been left' : how}`, async () => {
      const queue = new AsyncQueue<number>();
      let count = 0;
      const loop = queue.loop(() => count++);
      expect(count).to.equal(0);
      if (how === 'left') await loop.return?.();
      else queue.end();
      await loop.next();
      await loop.return?.();
      await loop.next();
      expect(count).to.equal(1);
    });
  }
});
