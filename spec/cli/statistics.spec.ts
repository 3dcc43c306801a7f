import { createHistogram } from 'node:perf_hooks';
import { expect } from 'chai';
import { summary } from '../../lib/cli/ping.js';

/** What is printed for round trips of these nanoseconds. */
function told(nanoseconds: readonly number[]): ReturnType<typeof summary> {
  const times = createHistogram();
  for (const each of nanoseconds) times.record(each);
  return summary(times);
}

describe('command: statistics', () => {
  it('of one value are that value', () => {
    expect(told([7_000])).to.deep.equal({ count: 1, min: 7, median: 7, p99: 7, max: 7 });
  });

  it('are microseconds with one digit after the point', () => {
    expect(told([1_040, 1_060])).to.include({ min: 1, max: 1.1 });
  });

  it('leave the last hundredth out of p99, and are exact to a thousandth', () => {
    const { count, min, median, p99, max } = told(Array.from({ length: 1_000 }, (_, i) => (i + 1) * 1_000));
    expect([count, min]).to.deep.equal([1_000, 1]);
    expect(median).to.be.within(499.5, 500.5);
    expect(p99).to.be.within(989, 991);
    expect(max).to.be.within(999, 1_001);
  });
});
