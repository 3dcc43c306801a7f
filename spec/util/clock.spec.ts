import { expect } from 'chai';
import { systemClock, turn } from '../../lib/util/clock.js';
import { until } from '../support/wait.js';

describe('clock of the machine', () => {
  it('rises', () => {
    const first = systemClock.now();
    expect(systemClock.now()).to.be.at.least(first);
  });

  it('knows the date', () => {
    expect(Math.abs(systemClock.date() - Date.now())).to.be.below(1000);
  });

  it('has a time of day that rises, too', () => {
    const { timeOrigin } = systemClock;
    const first = timeOrigin + systemClock.now();
    expect(timeOrigin + systemClock.now()).to.be.at.least(first);
    expect(timeOrigin).to.equal(performance.timeOrigin);
  });

  it('calls what is due', async () => {
    let called = 0;
    systemClock.after(1, () => called++);
    await until(() => called === 1, 'the call');
  });

  it('calls soon, and not at once', async () => {
    let called = 0;
    systemClock.soon(() => called++);
    expect(called).to.equal(0);
    await until(() => called === 1, 'the call');
  });

  it('does not call what was cancelled', async () => {
    let called = 0;
    let later = 0;
    systemClock.after(1, () => called++).cancel();
    systemClock.after(2, () => later++);
    await until(() => later === 1, 'a later call');
    expect(called).to.equal(0);
  });

  it('gives the sockets a turn', async () => {
    let isRead = false;
    setImmediate(() => {
      isRead = true;
    });
    await turn(systemClock);
    expect(isRead).to.equal(true);
  });
});
