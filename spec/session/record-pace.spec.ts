import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { BatchTick } from '../../daemon/session/batch-tick.js';
import { defaultLimits, STALL_TIME } from '../../daemon/session/limits.js';
import { BEAT, RecordPace } from '../../daemon/session/record-pace.js';
import { SendQueue } from '../../daemon/session/send-queue.js';
import { ManualClock } from './manual-clock.js';
import { Sink } from './sink.js';

/** One session, turns, and changes that a spec makes up. */
class Bench {
  readonly clock = new ManualClock();
  readonly sink = new Sink();
  changes = 0;
  readonly tick: BatchTick;
  readonly pace: RecordPace;
  readonly queue: SendQueue;

  constructor() {
    this.tick = new BatchTick(
      () => this.pace.turn(),
      () => undefined,
      this.clock,
    );
    this.pace = new RecordPace(
      () => this.changes,
      (outlet) => this.tick.touch(outlet),
      this.clock,
    );
    const events = { overflow: () => undefined, wrote: () => undefined };
    this.queue = new SendQueue(
      this.sink.socket,
      this.tick,
      defaultLimits,
      events,
      STALL_TIME,
      this.clock,
      this.pace,
    );
  }

  /** Something for the session, and the turn that would write it. */
  push(text: string, canWait: boolean, changes = 0): void {
    this.changes += changes;
    this.queue.push(Buffer.from(text), 0, text.length, 1, canWait);
    this.clock.pass(0);
  }

  /** From now on there are more than a hundred changes in a hundred milliseconds. */
  storm(): void {
    for (let i = 0; i < 3; i++) {
      this.clock.pass(10);
      this.push('', true, 101);
    }
    this.clock.pass(BEAT);
    this.sink.calls.length = 0;
  }

  get written(): string {
    return this.sink.bytes.toString();
  }
}

describe('session: pace of records', () => {
  it('writes records at once as long as there are few', () => {
    const bench = new Bench();
    for (let i = 0; i < 20; i++) {
      bench.clock.pass(2);
      bench.push('r', true, 1);
      expect(bench.written).to.have.length(i + 1);
    }
  });

  it('writes records at a beat while there are many, and all that came until then in one go', () => {
    const bench = new Bench();
    bench.storm();
    bench.push('a', true, 60);
    expect(bench.written).to.equal('a');
    bench.clock.pass(1);
    bench.push('b', true, 60);
    bench.clock.pass(2);
    bench.push('c', true, 60);
    expect(bench.written).to.equal('a');
    bench.clock.pass(BEAT - 3);
    expect([bench.written, bench.sink.calls.length]).to.deep.equal(['abc', 2]);
  });

  it('writes everything at once when something comes that cannot wait', () => {
    const bench = new Bench();
    bench.storm();
    bench.push('a', true, 60);
    bench.push('b', true, 60);
    bench.push('data', false);
    expect(bench.written).to.equal('abdata');
    bench.push('c', true, 60);
    expect(bench.written, 'and waits again').to.equal('abdata');
    bench.clock.pass(BEAT);
    expect(bench.written).to.equal('abdatac');
  });

  it('ends with the storm', () => {
    const bench = new Bench();
    bench.storm();
    bench.clock.pass(500);
    bench.push('a', true, 1);
    bench.clock.pass(1);
    bench.push('b', true, 1);
    expect(bench.written).to.equal('ab');
  });

  it('lets nobody wait any more once it is stopped', () => {
    const bench = new Bench();
    bench.storm();
    bench.push('a', true, 60);
    bench.push('b', true, 60);
    bench.tick.stop();
    bench.pace.stop();
    bench.queue.flush();
    expect(bench.written).to.equal('ab');
  });
});
