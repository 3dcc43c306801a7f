import { expect } from 'chai';
import { systemClock } from '../../lib/util/clock.js';
import { DeadlineTimer } from '../../lib/util/deadline-timer.js';
import { ManualClock } from '../session/manual-clock.js';

/** A timer for deadlines that a spec sets; notes when it rings, and the delays that it is armed with. */
function bench(keepsAlive?: boolean) {
  const clock = new ManualClock();
  const rings: number[] = [];
  const delays: number[] = [];
  const world = { dueAt: Infinity, onRing: (): void => undefined };
  const timer = new DeadlineTimer(
    {
      now: () => clock.now(),
      after: (ms, f) => {
        delays.push(ms);
        return clock.after(ms, f);
      },
    },
    {
      dueAt: () => world.dueAt,
      ring: () => {
        rings.push(clock.now());
        if (world.dueAt <= clock.now()) world.dueAt = Infinity;
        world.onRing();
      },
    },
    keepsAlive,
  );
  const due = (at: number): void => {
    world.dueAt = at;
    timer.update();
  };
  return { clock, rings, delays, world, timer, due };
}

describe('DeadlineTimer', () => {
  it('rings at the deadline, once', () => {
    const { clock, rings, due } = bench();
    due(10);
    clock.pass(9);
    expect(rings).to.deep.equal([]);
    clock.pass(100);
    expect([rings, clock.armed]).to.deep.equal([[10], 0]);
  });

  it('is not armed without a deadline', () => {
    const { clock, due } = bench();
    due(Infinity);
    expect(clock.armed).to.equal(0);
  });

  it('is armed again for an earlier deadline, and rings for nothing before a later one', () => {
    const { clock, rings, delays, due } = bench();
    due(20);
    due(10);
    due(30);
    due(30);
    expect([delays, clock.armed]).to.deep.equal([[20, 10], 1]);
    clock.pass(100);
    expect([rings, delays]).to.deep.equal([
      [10, 30],
      [20, 10, 20],
    ]);
  });

  it('is armed once for the deadlines that come up while it rings', () => {
    const { clock, rings, delays, world, timer, due } = bench();
    world.onRing = () => {
      world.onRing = () => undefined;
      for (const at of [50, 40]) due(at);
      timer.update();
    };
    due(10);
    clock.pass(100);
    expect([rings, delays]).to.deep.equal([
      [10, 40],
      [10, 30],
    ]);
  });

  it('is armed for the next deadline also when the call at one throws', () => {
    const { clock, rings, world, due } = bench();
    world.onRing = () => {
      world.onRing = () => undefined;
      world.dueAt = 20;
      throw new Error('a defect');
    };
    due(10);
    expect(() => clock.pass(10)).to.throw('a defect');
    clock.pass(10);
    expect(rings).to.deep.equal([10, 20]);
  });

  it('rings no more when it was stopped, before or while it rings', () => {
    for (const inside of [false, true]) {
      const { clock, rings, world, timer, due } = bench();
      world.onRing = () => {
        timer.stop();
        due(20);
      };
      due(10);
      if (!inside) world.onRing();
      clock.pass(100);
      expect([rings, clock.armed]).to.deep.equal([inside ? [10] : [], 0]);
    }
  });

  it('rounds up, takes what is past for now, and never asks for more than setTimeout can', () => {
    const { clock, delays, due } = bench();
    due(2 ** 40);
    due(0.25);
    clock.pass(1);
    due(0.5);
    expect(delays).to.deep.equal([2 ** 31 - 1, 1, 0]);
  });

  for (const keepsAlive of [true, false]) {
    it(`${keepsAlive ? 'keeps' : 'does not keep'} the process alive while there is a deadline`, () => {
      const armed = (): number =>
        process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
      const before = armed();
      const seen: number[] = [];
      let dueAt = 0;
      const timer = new DeadlineTimer(systemClock, { dueAt: () => dueAt, ring: () => undefined }, keepsAlive);
      for (const ms of [60_000, Infinity, 70_000, Infinity, 50_000]) {
        dueAt = systemClock.now() + ms;
        timer.update();
        seen.push(armed() - before);
      }
      timer.stop();
      seen.push(armed() - before);
      expect(seen).to.deep.equal(keepsAlive ? [1, 0, 1, 0, 1, 0] : [0, 0, 0, 0, 0, 0]);
    });
  }
});
