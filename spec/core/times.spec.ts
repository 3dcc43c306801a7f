import { expect } from 'chai';
import { MAX_REMEMBERED_TIMES, ViewTimestamps } from '../../daemon/core/view-timestamps.js';

describe('core: times', () => {
  it('are the clock’s when that has moved on', () => {
    const times = new ViewTimestamps(7);
    expect(times.last).to.equal(0);
    expect([times.propose(1000), times.propose(1005)]).to.deep.equal([1000, 1005]);
    expect(times.last).to.equal(1005);
  });

  it('are never proposed twice, though the clock stands or goes back', () => {
    const times = new ViewTimestamps(7);
    expect([1000, 1000, 3].map((now) => times.propose(now))).to.deep.equal([1000, 1001, 1002]);
  });

  it('go on behind what others saw with this daemon’s identity', () => {
    const times = new ViewTimestamps(7);
    times.learn(7, 2000);
    times.learn(8, 9000);
    expect(times.propose(1000)).to.equal(2001);
  });

  it('know an identity whether it is written with a sign or without', () => {
    const times = new ViewTimestamps(0xffffffff);
    times.learn(-1, 2000);
    expect(times.propose(1000)).to.equal(2001);
  });

  it('remember the highest of each identity', () => {
    const times = new ViewTimestamps(7);
    for (const [id, time] of [
      [1, 10],
      [2, 5],
      [1, 9],
      [2, 6],
    ] as const) {
      times.learn(id, time);
    }
    expect(times.entries()).to.deep.equal([
      [1, 10],
      [2, 6],
    ]);
  });

  it('remember a bounded number of identities and forget the oldest time', () => {
    const times = new ViewTimestamps(7);
    times.learn(-5, 100);
    times.learn(-6, 50);
    for (let id = 0; id < MAX_REMEMBERED_TIMES - 1; id++) times.learn(id, 1000 + id);
    const known = times.entries().map(([id]) => id);
    expect([known.length, known.includes(-5), known.includes(-6)]).to.deep.equal([
      MAX_REMEMBERED_TIMES,
      true,
      false,
    ]);
  });
});
