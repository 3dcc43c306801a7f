import { expect } from 'chai';
import { systemClock } from '../../lib/util/clock.js';
import { deferred } from '../../lib/util/deferred.js';
import { TimerHeap, TimerQueue } from '../../lib/util/timer-queue.js';
import { Random } from '../support/random.js';

describe('TimerQueue', () => {
  it('keeps a program alive as long as something is due', () => {
    const armed = (): number => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const before = armed();
    const seen = [];
    const timers = new TimerQueue(systemClock);
    for (const ms of [60_000, 70_000, 50_000]) {
      const due = timers.after(ms, () => undefined);
      seen.push(armed() - before);
      timers.cancel(due);
      seen.push(armed() - before);
    }
    expect(seen).to.deep.equal([1, 0, 1, 0, 1, 0]);
  });

  it('runs what is due at its time, whatever was turned off before', async () => {
    const timers = new TimerQueue(systemClock);
    const ran: number[] = [];
    const begin = timers.now();
    timers.cancel(timers.after(10, () => ran.push(10)));
    const last = deferred<void>();
    for (const ms of [40, 20, 30]) {
      timers.after(ms, () => {
        ran.push(ms);
        expect(timers.now() - begin).to.be.at.least(ms);
        if (ms === 40) last.resolve();
      });
    }
    await last.promise;
    expect(ran).to.deep.equal([20, 30, 40]);
  });
});

describe('TimerHeap', () => {
  it('gives what is due in the order of the times, without what was removed, as a sorted list does', () => {
    const random = new Random(1);
    const list = new TimerHeap();
    let model: { at: number; number: number; due: ReturnType<TimerHeap['add']> }[] = [];
    for (let step = 0; step < 5_000; step++) {
      if (random.chance(0.5)) {
        const at = random.below(1000);
        model.push({ at, number: step, due: list.add(at, () => undefined) });
      } else if (random.chance(0.6) && model.length > 0) {
        const [gone] = model.splice(random.below(model.length), 1);
        if (gone) list.remove(gone.due);
      } else {
        model = model.toSorted((a, b) => a.at - b.at || a.number - b.number);
        expect(list.dueAt).to.equal(model[0]?.at ?? Infinity);
        const now = random.below(1000);
        const due = list.next(now);
        const isDue = model[0] !== undefined && model[0].at <= now;
        expect(due).to.equal(isDue ? model.shift()?.due : undefined);
      }
    }
  });

  it('keeps what was removed only until it is more than the rest', () => {
    const list = new TimerHeap();
    const sizes = list as unknown as { readonly heap: readonly unknown[] };
    const entries = Array.from({ length: 100 }, (_, at) => list.add(1000 - at, () => undefined));
    for (const entry of entries.slice(0, 50)) for (let twice = 0; twice < 2; twice++) list.remove(entry);
    expect(sizes.heap.length).to.equal(100);
    list.remove(entries[50] as (typeof entries)[0]);
    expect([sizes.heap.length, list.dueAt]).to.deep.equal([49, 901]);
    // Those that were taken from the top no longer count as removed.
    for (const entry of entries.slice(76)) list.remove(entry);
    expect([sizes.heap.length, list.dueAt, sizes.heap.length]).to.deep.equal([49, 925, 25]);
    for (const entry of entries.slice(51, 63)) list.remove(entry);
    expect(sizes.heap.length).to.equal(25);
    list.remove(entries[63] as (typeof entries)[0]);
    expect(sizes.heap.length).to.equal(12);
  });
});
