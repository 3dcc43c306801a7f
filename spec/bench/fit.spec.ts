/** The formula that measured costs follow. */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { costAt, fit, type Measurement } from '../../scripts/bench/growth/fit.js';

const POWERS = [1, 10, 100, 1_000, 10_000];
const of = (cost: (n: number) => number): Measurement[] => POWERS.map((n) => ({ n, cost: cost(n) }));

describe('bench: the formula of a cost', () => {
  it('is constant where nothing grows', () => {
    const { formula, bend } = fit(of(() => 5));
    expect([formula.shape, formula.b, bend]).to.deep.equal(['constant', 0, null]);
    expect(formula.a).to.be.closeTo(5, 1e-9);
    expect(formula.error).to.be.below(1e-9);
  });

  it('finds a + b n, whatever a and b are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 100 }), (a, b) => {
        const { formula, bend } = fit(of((n) => a + b * n));
        expect(formula.shape).to.equal('linear');
        expect(formula.a).to.be.closeTo(a, a / 1e3);
        expect(formula.b).to.be.closeTo(b, b / 1e3);
        expect(formula.error).to.be.below(1e-3);
        expect(bend).to.equal(null);
      }),
    );
  });

  it('finds a + b log n', () => {
    const { formula } = fit(of((n) => 3 + 2 * Math.log10(n)));
    expect(formula.shape).to.equal('logarithmic');
    expect([formula.a, formula.b]).to.satisfy(
      ([a, b]: [number, number]) => Math.abs(a - 3) < 1e-6 && Math.abs(b - 2) < 1e-6,
    );
  });

  it('takes noise without a slope for a constant', () => {
    const noise = [1.05, 0.9, 1.1, 0.95, 1];
    const { formula } = fit(POWERS.map((n, i) => ({ n, cost: 7 * (noise[i] as number) })));
    expect(formula.shape).to.equal('constant');
    expect(formula.a).to.be.within(6, 8);
    expect(formula.error).to.be.within(0.04, 0.12);
  });

  it('takes nothing for a constant that grows, however badly the shapes fit', () => {
    const { formula } = fit(of((n) => 3 + n ** 1.7 / 100));
    expect(formula.shape).to.equal('linear');
    expect(formula.b).to.be.above(0);
  });

  it('counts errors as shares, so that small n matter as much as large ones', () => {
    // 20 % too much at the largest n, which is most of the sum of squares when errors count as they are.
    const { formula } = fit(of((n) => (n === 10_000 ? 1.2 : 1) * (100 + n)));
    expect(costAt(formula, 1)).to.be.within(90, 112);
  });

  it('says where costs leave the formula, and how far they are then', () => {
    const { formula, bend } = fit(of((n) => (n < 1_000 ? 4 : n === 1_000 ? 12 : 20)));
    expect(formula).to.deep.equal({ shape: 'constant', a: 4, b: 0, error: 0 });
    expect(bend).to.deep.equal({ from: 1_000, factor: 5 });
  });

  it('has no slope downwards, and no cost below zero', () => {
    const { formula } = fit(of((n) => 10 - Math.log10(n)));
    expect(formula.b).to.equal(0);
    expect(costAt(formula, 1e6)).to.be.above(0);
    const steep = fit(of((n) => n - 0.5)).formula;
    expect(steep.a).to.be.at.least(0);
  });

  it('leaves out what cost nothing that could be measured, and refuses too little', () => {
    const { formula } = fit([...of(() => 5), { n: 100_000, cost: 0 }]);
    expect(formula.a).to.be.closeTo(5, 1e-9);
    expect(() => fit(of(() => 5).slice(0, 2))).to.throw(
      RangeError,
      'expected at least 3 measurements above 0, got 2',
    );
  });
});
