import { expect } from 'chai';
import { realClock } from '../../daemon/session/clock.js';
import { until } from '../support/wait.js';

describe('session: the clock of the machine', () => {
  it('rises', () => {
    const first = realClock.now();
    expect(realClock.now()).to.be.at.least(first);
  });

  it('knows the date', () => {
    expect(Math.abs(realClock.date() - Date.now())).to.be.below(1000);
  });

  it('calls what is due', async () => {
    let called = 0;
    realClock.after(1, () => called++);
    await until(() => called === 1, 'the call');
  });

  it('calls soon, and not at once', async () => {
    let called = 0;
    realClock.soon(() => called++);
    expect(called).to.equal(0);
    await until(() => called === 1, 'the call');
  });

  it('does not call what was cancelled', async () => {
    let called = 0;
    let later = 0;
    realClock.after(1, () => called++).cancel();
    realClock.after(2, () => later++);
    await until(() => later === 1, 'a later call');
    expect(called).to.equal(0);
  });
});
