/** The clock of the channels. */
import { expect } from 'chai';
import { TimerQueue } from '../../lib/util/timer-queue.js';
import { within } from './support.js';

describe('Alarm', () => {
  it('keeps a program alive as long as something is due', () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const before = timers();
    const seen = [];
    const alarm = new TimerQueue();
    for (const ms of [60_000, 70_000, 50_000]) {
      const due = alarm.after(ms, () => undefined);
      seen.push(timers() - before);
      alarm.cancel(due);
      seen.push(timers() - before);
    }
    expect(seen).to.deep.equal([1, 0, 1, 0, 1, 0]);
  });

  it('runs what is due at its time, whatever was turned off before', async () => {
    const alarm = new TimerQueue();
    const ran: number[] = [];
    const begin = alarm.now();
    alarm.cancel(alarm.after(10, () => ran.push(10)));
    await within(
      new Promise<void>((resolve) => {
        for (const ms of [40, 20, 30]) {
          alarm.after(ms, () => {
            ran.push(ms);
            expect(alarm.now() - begin).to.be.at.least(ms);
            if (ms === 40) resolve();
          });
        }
      }),
      'the last one',
    );
    expect(ran).to.deep.equal([20, 30, 40]);
  });
});
