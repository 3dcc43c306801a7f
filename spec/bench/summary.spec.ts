import { expect } from 'chai';
import * as fc from 'fast-check';
import { percentile, summary } from '../../scripts/bench/summary.js';

describe('bench: summaries', () => {
  it('of one value are that value', () => {
    expect(summary([7])).to.deep.equal({ count: 1, min: 7, median: 7, p99: 7, max: 7 });
  });

  it('sort numbers as numbers, and leave the values as they are', () => {
    const values = [100, 9, 20];
    expect(summary(values)).to.deep.equal({ count: 3, min: 9, median: 20, p99: 100, max: 100 });
    expect(values).to.deep.equal([100, 9, 20]);
  });

  it('leave the last hundredth out of p99', () => {
    const values = Array.from({ length: 1_000 }, (_, i) => i + 1);
    expect(summary(values)).to.deep.equal({ count: 1_000, min: 1, median: 500, p99: 990, max: 1_000 });
  });

  it('give the smallest value that the share does not exceed', () => {
    const shares = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), shares, (values, share) => {
        const sorted = values.toSorted((a, b) => a - b);
        const value = percentile(sorted, share);
        const below = sorted.filter((each) => each < value).length;
        const upTo = sorted.filter((each) => each <= value).length;
        expect(upTo).to.be.at.least(share * sorted.length);
        expect(below === 0 || below < share * sorted.length).to.equal(true);
      }),
    );
  });
});
