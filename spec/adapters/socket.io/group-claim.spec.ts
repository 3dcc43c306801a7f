/** One adapter at a time has the group of a namespace on a connection. */
import { expect } from 'chai';
import { GroupClaim } from '../../../lib/adapters/socket.io/group-claim.js';
import type { Connection } from '../../../lib/index.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('socket.io: claims', () => {
  let connection: Connection;
  let free: string[];

  const take = (who: string, name = 'g'): GroupClaim => {
    const claim = new GroupClaim(connection, name);
    void claim.free.then(() => free.push(who));
    return claim;
  };

  beforeEach(() => {
    // Only stands for one.
    connection = {} as Connection;
    free = [];
  });

  it('are free at first, and again when they are released', async () => {
    const first = take('first');
    take('of another group', 'h');
    first.leave();
    await first.release();
    take('second');
    await nextTurn();
    expect(free).to.deep.equal(['first', 'of another group', 'second']);
  });

  it('are refused as long as somebody stays', () => {
    take('first');
    expect(() => take('second')).to.throw('g is in use: each adapter needs a group of its own');
    connection = {} as Connection;
    take('of another connection');
  });

  it('are had one after the other by those that come while the last one leaves', async () => {
    const first = take('first');
    first.leave();
    const second = take('second');
    second.leave();
    // It has not even begun.
    void second.release();
    const third = take('third');
    await nextTurn();
    expect(free).to.deep.equal(['first']);
    await first.release();
    await nextTurn();
    expect(free).to.deep.equal(['first', 'second', 'third']);
    expect(() => take('fourth')).to.throw('in use');
    third.leave();
    await third.release();
    take('fourth');
  });
});
