import { expect } from 'chai';
import { Random } from '../../support/random.js';
import { DEFAULT_TOKEN, stallLimit, Watchdog } from '../../../daemon/engine/corosync/watchdog.js';

const TOKEN = 1000;
/** The others can have formed a ring without it: they saw the token 0.18 of its timeout before the stop. */
const earliest = (stop: number, token: number): number => stop - 0.18 * token + 2.2 * token;

/** Events that come at once, and that were not there at an earlier moment. */
interface Batch {
  readonly at: number;
  readonly emptyAt: number;
}

/** A watchdog whose timer is never late, on a Corosync that answers at once until it stops. */
function watched(
  stopAt: number,
  token = TOKEN,
  batches: readonly Batch[] = [],
): { readonly hungAt: number; readonly asked: number } {
  const watchdog = new Watchdog(4000);
  watchdog.begin(0);
  const coming = batches.values();
  let { value: batch } = coming.next();
  let asked = 0;
  for (;;) {
    const now = watchdog.dueAt;
    if (batch !== undefined && batch.at < now) {
      watchdog.alive(batch.emptyAt, batch.at);
      ({ value: batch } = coming.next());
      continue;
    }
    const due = watchdog.look(now);
    if (due === 'hung') return { hungAt: now, asked };
    asked++;
    if (now < stopAt) watchdog.answered(token, now, now + 1);
    else watchdog.begun(now, now + watchdog.token / 4);
  }
}

/** Batches at any times, and a last one after the end of Corosync: it takes long to read what has waited. */
function batchesUntil(stop: number, random: Random): Batch[] {
  const batches: Batch[] = [];
  const pause = 1 + random.below(TOKEN);
  for (let at = 1; at < stop; at += 1 + random.below(pause))
    batches.push({ at, emptyAt: at - random.below(Math.min(at, 200)) });
  for (let at = stop, i = 0; i < 5; i++, at += random.below(TOKEN / 4))
    batches.push({ at, emptyAt: stop - random.next() });
  return batches;
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

  it('asks one that hands over nothing four times in a token timeout', () => {
    expect(watched(10 * TOKEN).asked).to.be.within(40, 42);
  });

  it('takes an event for an answer that was not there when it asked, and no other one', () => {
    const watchdog = new Watchdog(4000);
    watchdog.begin(0);
    expect(watchdog.look(0)).to.equal('ask');
    watchdog.answered(TOKEN, 0, 1);
    expect(watchdog.look(250)).to.equal('ask');
    watchdog.begun(250, 500);
    watchdog.alive(249, 600);
    expect(watchdog.dueAt, 'what had waited before the question').to.equal(1500);
    watchdog.alive(250, 700);
    expect(watchdog.dueAt, 'what had not, which is old by now').to.equal(700);
    watchdog.alive(690, 701);
    expect(watchdog.dueAt, 'what is young').to.equal(940);
    watchdog.answered(TOKEN, 250, 702);
    expect(watchdog.dueAt, 'the answer itself, which is older').to.equal(940);
  });

  it('takes back its word when such an event comes, and not when another one does', () => {
    for (const [emptyAt, isOverdue] of [
      [249, true],
      [250, false],
    ] as const) {
      const watchdog = new Watchdog(4000);
      watchdog.begin(0);
      watchdog.look(0);
      watchdog.answered(TOKEN, 0, 0);
      watchdog.look(250);
      watchdog.begun(250, 250);
      expect(watchdog.look(1500)).to.equal('hung');
      watchdog.alive(emptyAt, 1501);
      expect(watchdog.isOverdue).to.equal(isOverdue);
    }
  });

  it('asks for the token timeout whatever events come, and goes by that of before until it is known', () => {
    const watchdog = new Watchdog(4000);
    watchdog.begin(0);
    watchdog.alive(0.5, 1);
    expect(watchdog.dueAt, 'an event before the first question').to.equal(0);
    watchdog.look(2);
    watchdog.begun(2, 2);
    watchdog.alive(2.5, 3);
    expect(watchdog.dueAt, 'an event before the first answer').to.equal(2 + 1.25 * DEFAULT_TOKEN);
    watchdog.answered(100, 2, 4);
    expect(watchdog.dueAt).to.equal(2 + 25);
    watchdog.begin(5000);
    watchdog.alive(5001, 5001);
    expect(watchdog.dueAt, 'another Corosync').to.equal(5000);
  });

  it('asks one that hands over events once in ten token timeouts', () => {
    const stop = 100 * TOKEN;
    const batches = Array.from({ length: stop / 50 }, (_, i) => ({ at: 50 * i + 49, emptyAt: 50 * i }));
    // The first question, one each ten timeouts, and one after the stop.
    expect(watched(stop, TOKEN, batches).asked).to.be.within(11, 13);
  });

  it('gives up a hung one as soon whatever events came before, and what waited is read after', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const stop = 5000 + random.below(15_000);
      const { hungAt } = watched(stop, TOKEN, batchesUntil(stop, random));
      expect(hungAt - stop, `seed ${seed}`).to.be.within(TOKEN, 1.51 * TOKEN);
    }
  });

  it('takes the token timeout from Corosync, and bears one that it does not say', () => {
    const watchdog = new Watchdog(4000);
    expect(watchdog.token).to.equal(DEFAULT_TOKEN);
    watchdog.begin(0);
    expect(watchdog.look(0)).to.equal('ask');
    watchdog.answered(400, 0, 1);
    expect([watchdog.token, watchdog.dueAt]).to.deep.equal([400, 100]);
    expect(watchdog.look(100)).to.equal('ask');
    watchdog.answered(0, 100, 101);
    expect(watchdog.token).to.equal(400);
  });

  it('does not count the time before the question is on its way', () => {
    const watchdog = new Watchdog(4000);
    watchdog.begin(0);
    expect(watchdog.look(0)).to.equal('ask');
    expect(watchdog.dueAt).to.equal(Infinity);
    watchdog.begun(0, 5000);
    expect(watchdog.look(5999)).to.equal(null);
    expect(watchdog.look(6000)).to.equal('hung');
  });

  it('does not blame Corosync when it comes late itself, and does it all the same soon after', () => {
    const watchdog = new Watchdog(4000);
    watchdog.begin(0);
    watchdog.look(0);
    watchdog.begun(0, 0);
    expect(watchdog.look(3000)).to.equal(null);
    expect(watchdog.look(3249)).to.equal(null);
    expect(watchdog.look(3250)).to.equal('hung');
    expect(watchdog.isOverdue).to.equal(true);
  });

  it('takes back its word when the answer comes after all', () => {
    const watchdog = new Watchdog(4000);
    watchdog.begin(0);
    watchdog.look(0);
    watchdog.begun(0, 0);
    expect(watchdog.look(1250)).to.equal('hung');
    watchdog.answered(1000, 0, 1251);
    expect([watchdog.isOverdue, watchdog.dueAt]).to.deep.equal([false, 1251]);
  });

  it('asks nobody while there is no connection, and hears no late answer of the last one', () => {
    const watchdog = new Watchdog(4000);
    expect(watchdog.dueAt).to.equal(Infinity);
    watchdog.begin(0);
    watchdog.look(0);
    watchdog.end();
    watchdog.begun(0, 1);
    watchdog.answered(400, 0, 2);
    watchdog.alive(2, 2);
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
