import { expect } from 'chai';
import { Random } from '../../support/random.js';
import { Loop } from '../../../daemon/testing/time/loop.js';
import { Process } from '../../../daemon/testing/time/process.js';

describe('simulation: virtual time', () => {
  it('calls in order of time, and at one time in the order asked for', () => {
    const loop = new Loop();
    const random = new Random(3);
    const times = Array.from({ length: 500 }, () => random.below(20));
    const called: [number, number][] = [];
    for (const [i, time] of times.entries()) loop.after(time, () => called.push([loop.now, i]));
    loop.runTo(100);
    const expected = times
      .map((time, i): [number, number] => [time, i])
      .toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
    expect(called).to.deep.equal(expected);
  });

  it('stands where it was told to stop', () => {
    const loop = new Loop();
    let called = 0;
    loop.after(10, () => called++);
    loop.runTo(9);
    expect([loop.now, called]).to.deep.equal([9, 0]);
  });

  it('keeps what reaches a frozen process until it is thawed', () => {
    const loop = new Loop();
    const process = new Process(loop);
    const called: string[] = [];
    process.after(5, () => called.push('timer'));
    process.soon(() => called.push('soon'));
    process.freeze();
    loop.runTo(10);
    expect(called).to.deep.equal([]);
    process.thaw();
    expect(called).to.deep.equal(['soon', 'timer']);
  });

  it('does not call a timer that was cancelled while the process was frozen', () => {
    const loop = new Loop();
    const process = new Process(loop);
    let called = 0;
    const timer = process.after(5, () => called++);
    process.freeze();
    loop.runTo(10);
    timer.cancel();
    process.thaw();
    expect(called).to.equal(0);
  });

  it('reaches no dead process', () => {
    const loop = new Loop();
    const process = new Process(loop);
    let called = 0;
    process.after(5, () => called++);
    process.kill();
    loop.runTo(10);
    expect(called).to.equal(0);
  });
});
