import { expect } from 'chai';
import { DEFAULT_TOKEN, stallLimit, Watchdog } from '../../../daemon/engine/corosync/watchdog.js';

const TOKEN = 1000;
/** The others can have formed a ring without it: they saw the token 0.18 of its timeout before the stop. */
const earliest = (stop: number, token: number): number => stop - 0.18 * token + 2.2 * token;

/** A watchdog whose timer is never late, on a Corosync that answers at once until it stops. */
function watched(stopAt: number, token = TOKEN): { readonly hungAt: number; readonly asked: number } {
  const watchdog = new Watchdog(4000);
  watchdog.begin(0);
  let asked = 0;
  for (;;) {
    const now = watchdog.dueAt;
    const due = watchdog.look(now);
    if (due === 'hung') return { hungAt: now, asked };
    asked++;
    if (now < stopAt) watchdog.answered(token, now + 1);
    else watchdog.begun(now + watchdog.token / 4);
  }
}

describe('the watchdog of Corosync', () => {
  it('gives up a hung one after its token timeout and before the others can have replaced it', () => {
    for (const token of [100, 400, 1000, 3650]) {
      for (let stop = 5000; stop < 5000 + token; stop += token / 97) {
        const { hungAt } = watched(stop, token);
        expect(hungAt - stop).to.be.within(token, 1.51 * token);
        expect(hungAt).to.be.below(earliest(stop, token));
      }
    }
  });

  it('asks four times in a token timeout', () => {
    expect(watched(10 * TOKEN).asked).to.be.within(40, 42);
  });

  it('takes the token timeout from Corosync, and bears one that it does not say', () => {
    const watchdog = new Watchdog(4000);
    expect(watchdog.token).to.equal(DEFAULT_TOKEN);
    watchdog.begin(0);
    expect(watchdog.look(0)).to.equal('ask');
    watchdog.answered(400, 1);
    expect([watchdog.token, watchdog.dueAt]).to.deep.equal([400, 100]);
    expect(watchdog.look(100)).to.equal('ask');
    watchdog.answered(0, 101);
    expect(watchdog.token).to.equal(400);
  });

  it('does not count the time before the question is on its way', () => {
    const watchdog = new Watchdog(4000);
    watchdog.begin(0);
    expect(watchdog.look(0)).to.equal('ask');
    expect(watchdog.dueAt).to.equal(Infinity);
    watchdog.begun(5000);
    expect(watchdog.look(5999)).to.equal(null);
    expect(watchdog.look(6000)).to.equal('hung');
  });

  it('does not blame Corosync when it comes late itself, and does it all the same soon after', () => {
    const watchdog = new Watchdog(4000);
    watchdog.begin(0);
    watchdog.look(0);
    watchdog.begun(0);
    expect(watchdog.look(3000)).to.equal(null);
    expect(watchdog.look(3249)).to.equal(null);
    expect(watchdog.look(3250)).to.equal('hung');
    expect(watchdog.isOverdue).to.equal(true);
  });

  it('takes back its word when the answer comes after all', () => {
    const watchdog = new Watchdog(4000);
    watchdog.begin(0);
    watchdog.look(0);
    watchdog.begun(0);
    expect(watchdog.look(1250)).to.equal('hung');
    watchdog.answered(1000, 1251);
    expect([watchdog.isOverdue, watchdog.dueAt]).to.deep.equal([false, 1251]);
  });

  it('asks nobody while there is no connection, and hears no late answer of the last one', () => {
    const watchdog = new Watchdog(4000);
    expect(watchdog.dueAt).to.equal(Infinity);
    watchdog.begin(0);
    watchdog.look(0);
    watchdog.end();
    watchdog.begun(1);
    watchdog.answered(400, 2);
    watchdog.postpone(3);
    expect([watchdog.dueAt, watchdog.token]).to.deep.equal([Infinity, DEFAULT_TOKEN]);
  });

  it('tells a standstill after which the others may have excluded this daemon', () => {
    const limit = stallLimit({ silenceTimeout: 5000, heartbeat: 500 });
    expect(limit).to.equal(4000);
    const watchdog = new Watchdog(limit);
    watchdog.begin(0);
    expect([4000, 4500, 9000, 9001].map((now) => watchdog.stalled(now))).to.deep.equal([0, 0, 4500, 0]);
  });
});
