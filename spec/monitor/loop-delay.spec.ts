import { expect } from 'chai';
import { LoopDelay } from '../../daemon/monitor/loop-delay.js';
import { until } from '../support/wait.js';

describe('monitor: event loop delay', () => {
  it('is zero before the first look', () => {
    const loop = new LoopDelay();
    expect(loop.delays).to.deep.equal({ mean: 0, p50: 0, p99: 0, max: 0 });
    loop.stop();
  });

  it('tells of work that kept the loop', async () => {
    const loop = new LoopDelay();
    try {
      // The first look is the start of the first time that is measured; so work until a delay was seen.
      await until(() => {
        const end = performance.now() + 150;
        while (performance.now() < end);
        return loop.delays.max >= 100;
      }, 'the delay to be seen');
      const { mean, p50, p99, max } = loop.delays;
      expect(max).to.be.within(100, 5_000);
      expect([mean, p50, p99].every((each) => each >= 0 && each <= max)).to.equal(true);
    } finally {
      loop.stop();
    }
  });
});
