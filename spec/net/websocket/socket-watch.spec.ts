import { expect } from 'chai';
import { SocketWatch } from '../../../daemon/net/websocket/socket-watch.js';
import { ManualClock } from '../../session/manual-clock.js';

class Stream {
  isHeard = true;
  isUnread = false;
  pings = 0;
  error: Error | null = null;

  ping(): void {
    this.pings++;
  }

  destroy(error: Error): void {
    this.error = error;
  }
}

const never = (): void => undefined;

describe('WebSocket: watch', () => {
  it('pings once in an interval, from a moment of its own for each socket', () => {
    const clock = new ManualClock();
    const watch = new SocketWatch({ pingMs: 10_000, idleTimeoutMs: 60_000 }, clock);
    const streams = Array.from({ length: 100 }, () => new Stream());
    for (const stream of streams) watch.add(stream, Infinity, never);
    const busiest = { pings: 0 };
    let before = 0;
    for (let i = 0; i < 1010; i++) {
      for (const stream of streams) stream.isHeard = true;
      clock.pass(100);
      const now = streams.reduce((sum, { pings }) => sum + pings, 0);
      busiest.pings = Math.max(busiest.pings, now - before);
      before = now;
    }
    expect(new Set(streams.map(({ pings }) => pings))).to.deep.equal(new Set([10, 11]));
    expect(busiest.pings).to.be.lessThan(5);
  });

  it('gives a socket up after two intervals of silence', () => {
    const clock = new ManualClock();
    const watch = new SocketWatch({ pingMs: 10_000, idleTimeoutMs: 60_000 }, clock);
    const [silent, alive] = [new Stream(), new Stream()];
    watch.add(silent, Infinity, never);
    watch.add(alive, Infinity, never);
    for (let i = 0; i < 205 && silent.error === null; i++) {
      alive.isHeard = true;
      clock.pass(100);
    }
    expect([silent.error?.message, alive.error]).to.deep.equal(['nothing heard for 20000 ms', null]);
    expect((silent.error as NodeJS.ErrnoException).code).to.equal('ETIMEDOUT');
    expect(watch.size).to.equal(1);
  });

  it('does not blame a socket that is not read', () => {
    const clock = new ManualClock();
    const watch = new SocketWatch({ pingMs: 1000, idleTimeoutMs: 60_000 }, clock);
    const stream = new Stream();
    stream.isUnread = true;
    watch.add(stream, Infinity, never);
    clock.pass(60_000);
    expect(stream.error).to.equal(null);
  });

  it('blames nobody after this process stood still', () => {
    const clock = new ManualClock();
    let late = 0;
    const suspended = Object.assign(Object.create(clock) as ManualClock, { now: () => clock.now() + late });
    const watch = new SocketWatch({ pingMs: 0, idleTimeoutMs: 1000 }, suspended);
    const stream = new Stream();
    watch.add(stream, Infinity, never);
    clock.pass(100);
    late = 60_000;
    clock.pass(900);
    expect(stream.error).to.equal(null);
    clock.pass(200);
    expect(stream.error).to.not.equal(null);
  });

  it('calls when a token expires, once', () => {
    const clock = new ManualClock();
    const watch = new SocketWatch({ pingMs: 0, idleTimeoutMs: 60_000 }, clock);
    let calls = 0;
    watch.add(new Stream(), 1000, () => calls++);
    clock.pass(950);
    expect(calls).to.equal(0);
    clock.pass(60_000);
    expect(calls).to.equal(1);
  });

  it('looks no more when there is nobody', () => {
    const clock = new ManualClock();
    const watch = new SocketWatch({ pingMs: 1000, idleTimeoutMs: 60_000 }, clock);
    const stream = new Stream();
    watch.add(stream, Infinity, never);
    watch.delete(stream);
    clock.pass(100);
    expect(clock.armed).to.equal(0);
  });
});
