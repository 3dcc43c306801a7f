import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { SendQueue } from '../../daemon/session/send-queue.js';
import {
  defaultLimits,
  MAX_GATHER_BYTES,
  MAX_WRITE_BYTES,
  type SessionLimits,
} from '../../daemon/session/limits.js';
import { BatchTick } from '../../daemon/session/batch-tick.js';
import { until } from '../support/wait.js';
import { Sink } from './sink.js';

/** Milliseconds; the daemon's own is longer. */
const STALL_TIME = 150;

class Bench {
  readonly sink = new Sink();
  readonly overflows: string[] = [];
  writes = 0;
  readonly turn = new BatchTick(
    () => undefined,
    () => undefined,
  );
  readonly backlog: SendQueue;

  constructor(limits: Partial<SessionLimits> = {}) {
    const events = {
      overflow: (reason: string) => this.overflows.push(reason),
      wrote: () => {
        this.writes++;
      },
    };
    const all = { ...defaultLimits, ...limits };
    this.backlog = new SendQueue(this.sink.socket, this.turn, all, events, STALL_TIME);
  }

  /** One message in a buffer of its own. */
  push(size: number, fill = 1): Buffer {
    const bytes = Buffer.alloc(size, fill);
    this.backlog.push(bytes, 0, size, 1);
    return bytes;
  }

  get waiting(): [messages: number, bytes: number] {
    return [this.backlog.waitingMessages, this.backlog.waitingBytes];
  }
}

describe('session: backlog', () => {
  it('writes nothing before the turn comes round', () => {
    const bench = new Bench();
    bench.push(10);
    expect([bench.sink.calls.length, bench.waiting]).to.deep.equal([0, [1, 10]]);
    bench.turn.stop();
  });

  it('ends a write with the end of a frame, also when the frame came in two parts', () => {
    const bench = new Bench();
    const [head, rest] = [Buffer.alloc(MAX_WRITE_BYTES, 1), Buffer.alloc(5000, 2)];
    bench.sink.isOpen = false;
    bench.backlog.push(head, 0, head.length, 1);
    bench.backlog.push(rest, 0, 2000, 0);
    // The next frame stands behind the part in the same buffer.
    bench.backlog.push(rest, 2000, 3000, 1);
    bench.push(10, 3);
    bench.backlog.flush();
    expect(bench.waiting).to.deep.equal([3, head.length + 3010]);
    bench.backlog.end();
    bench.sink.open();
    expect(bench.sink.bytes.length).to.equal(head.length + 3000);
    bench.turn.stop();
  });

  it('has the turn write it', async () => {
    const bench = new Bench();
    bench.push(10);
    await until(() => bench.sink.bytes.length === 10, 'ten bytes');
    expect([bench.waiting, bench.writes]).to.deep.equal([[0, 0], 1]);
  });

  it('puts the mark of a batch before its first event, and once', () => {
    const bench = new Bench();
    const [first, second] = [Buffer.alloc(48, 1), Buffer.alloc(48, 2)];
    const marks = { current: first, settle: () => true };
    const event = Buffer.alloc(10, 9);
    for (const mark of [first, first, second]) {
      marks.current = mark;
      bench.backlog.deliver(event, 0, 10, 1, false, marks);
    }
    expect(bench.waiting).to.deep.equal([3, 126]);
    bench.backlog.flush();
    expect(bench.sink.bytes).to.deep.equal(Buffer.concat([first, event, event, second, event]));
    bench.turn.stop();
  });

  it('writes nothing behind a mark that is not complete, and leaves it out of the last write', async () => {
    const bench = new Bench();
    let isDue = false;
    const marks = { current: Buffer.alloc(48, 1), settle: () => isDue };
    bench.backlog.deliver(Buffer.alloc(10), 0, 10, 1, false, marks);
    bench.backlog.flush();
    expect(bench.sink.bytes.length).to.equal(0);
    isDue = true;
    await until(() => bench.sink.bytes.length === 58, 'the mark and the event');
    isDue = false;
    bench.push(5);
    marks.current = Buffer.alloc(48, 2);
    bench.backlog.deliver(Buffer.alloc(10), 0, 10, 1, false, marks);
    bench.push(10);
    bench.backlog.flush(true);
    expect(bench.sink.bytes.length, 'what stands before that mark').to.equal(63);
    expect(bench.waiting).to.deep.equal([0, 0]);
    bench.backlog.deliver(Buffer.alloc(10), 0, 10, 1, false, {
      current: Buffer.alloc(48, 3),
      settle: () => true,
    });
    bench.backlog.flush(true);
    expect(bench.sink.bytes.length, 'a batch that can end').to.equal(121);
    bench.turn.stop();
  });

  it('gathers small messages of many buffers into one write of one buffer', () => {
    const bench = new Bench();
    for (let i = 0; i < 100; i++) bench.push(20, i);
    bench.backlog.flush();
    expect(bench.sink.calls.map((buffers) => buffers.map(({ length }) => length))).to.deep.equal([[2000]]);
  });

  it('writes messages that stand side by side where they stand', () => {
    const bench = new Bench();
    const bytes = Buffer.alloc(30_000, 7);
    for (let at = 0; at < bytes.length; at += 300) bench.backlog.push(bytes, at, at + 300, 1);
    expect(bench.waiting).to.deep.equal([100, 30_000]);
    bench.backlog.flush();
    const [[written] = []] = bench.sink.calls;
    expect([written?.buffer, written?.byteOffset, written?.length]).to.deep.equal([
      bytes.buffer,
      bytes.byteOffset,
      30_000,
    ]);
  });

  it('leaves out what stands between messages of one buffer', () => {
    const bench = new Bench();
    const bytes = Buffer.from('one, two, three');
    bench.backlog.push(bytes, 0, 3, 1);
    bench.backlog.push(bytes, 5, 8, 1);
    bench.backlog.push(bytes, 10, 15, 1);
    bench.backlog.flush();
    expect(bench.sink.bytes.toString()).to.equal('onetwothree');
  });

  it('does not copy a long message and keeps it in its place among small ones', () => {
    const bench = new Bench();
    bench.push(10, 1);
    bench.push(20, 2);
    const long = bench.push(MAX_GATHER_BYTES + 1, 3);
    bench.push(30, 4);
    bench.backlog.flush();
    expect(bench.sink.calls.map((buffers) => buffers.map(({ length }) => length))).to.deep.equal([
      [30, MAX_GATHER_BYTES + 1, 30],
    ]);
    expect(bench.sink.calls[0]?.[1]?.buffer).to.equal(long.buffer);
    expect(bench.sink.bytes.toString('hex')).to.equal(
      Buffer.concat([Buffer.alloc(10, 1), Buffer.alloc(20, 2), long, Buffer.alloc(30, 4)]).toString('hex'),
    );
  });

  describe('of more than one write', () => {
    const size = 10_000;
    const step = Math.ceil(MAX_WRITE_BYTES / size) * size;
    const total = 20 * size;

    it('is written in steps while the socket refuses', () => {
      const bench = new Bench();
      bench.sink.isOpen = false;
      for (let i = 0; i < 20; i++) bench.push(size, i);
      bench.backlog.flush();
      expect(bench.sink.bytes.length).to.equal(step);
    });

    it('continues by itself when the socket has taken a step', async () => {
      const bench = new Bench();
      bench.sink.isOpen = false;
      for (let i = 0; i < 20; i++) bench.push(size, i);
      bench.backlog.flush();
      for (let taken = 0; taken < total; taken += step) {
        const written = Math.min(taken + step, total);
        await until(() => bench.sink.bytes.length === written, `${written} bytes`);
        expect([bench.backlog.takenBytes, bench.backlog.waitingBytes]).to.deep.equal([taken, total - taken]);
        bench.sink.take();
      }
      await until(() => bench.backlog.waitingBytes === 0, 'nothing to wait');
      expect(bench.sink.bytes.every((byte, i) => byte === Math.floor(i / size))).to.equal(true);
    });

    it('is written at once when the socket takes everything', () => {
      const bench = new Bench();
      for (let i = 0; i < 20; i++) bench.push(size, i);
      bench.backlog.flush();
      expect([bench.sink.bytes.length, bench.waiting]).to.deep.equal([total, [0, 0]]);
    });
  });

  it('makes no second write while the first one is refused', () => {
    const bench = new Bench();
    bench.sink.isOpen = false;
    bench.push(10);
    bench.backlog.flush();
    bench.push(10);
    bench.backlog.flush();
    expect([bench.sink.calls.length, bench.waiting]).to.deep.equal([1, [2, 20]]);
  });

  it('counts the message that is partly written as waiting', () => {
    const bench = new Bench();
    bench.sink.isOpen = false;
    bench.push(10);
    bench.backlog.flush();
    expect(bench.waiting).to.deep.equal([1, 10]);
  });

  it('counts the bytes that the socket took', async () => {
    const bench = new Bench();
    bench.push(10);
    bench.backlog.flush();
    bench.sink.isOpen = false;
    bench.push(20);
    bench.backlog.flush();
    expect(bench.backlog.takenBytes).to.equal(10);
    bench.sink.take();
    await until(() => bench.backlog.waitingBytes === 0, 'the write');
    expect(bench.backlog.takenBytes).to.equal(30);
  });

  it('loses, doubles and swaps nothing, whatever comes and however the socket takes it', async () => {
    const act = fc.oneof(
      fc.record({ what: fc.constant('push'), size: fc.constantFrom(1, 50, 4096, 4097, 90_000, 300_000) }),
      fc.record({ what: fc.constantFrom('flush', 'open', 'shut', 'take', 'wait'), size: fc.constant(0) }),
    );
    const property = fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
      const bench = new Bench({ maxSessionMessages: 1000 });
      const pushed: Buffer[] = [];
      for (const { what, size } of acts) {
        if (what === 'push') pushed.push(bench.push(size, pushed.length));
        else if (what === 'flush') bench.backlog.flush();
        else if (what === 'open') bench.sink.open();
        else if (what === 'shut') bench.sink.isOpen = false;
        else if (what === 'take') bench.sink.take();
        else await new Promise<void>((resolve) => setImmediate(resolve));
      }
      bench.sink.open();
      await until(() => bench.backlog.waitingBytes === 0, 'everything to be written');
      expect(bench.backlog.waitingMessages).to.equal(0);
      expect(bench.sink.bytes.equals(Buffer.concat(pushed))).to.equal(true);
      expect(bench.overflows).to.deep.equal([]);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  describe('limit in messages', () => {
    it('ends the session when its socket has taken nothing for the stall time', async () => {
      const bench = new Bench({ maxSessionMessages: 3 });
      bench.sink.isOpen = false;
      const start = performance.now();
      for (let i = 0; i < 3; i++) bench.push(10);
      bench.backlog.flush();
      await until(() => bench.overflows.length > 0, 'the overflow');
      expect(bench.overflows).to.deep.equal(['slow-messages']);
      expect(performance.now() - start).to.be.at.least(STALL_TIME - 1);
      expect(bench.waiting, 'only what the socket holds').to.deep.equal([3, 30]);
    });

    it('ends it at the next message then, if that comes first', () => {
      const bench = new Bench({ maxSessionMessages: 1 });
      bench.sink.isOpen = false;
      const start = performance.now();
      bench.push(10);
      bench.backlog.flush();
      // The event loop is busy, so no timer is served.
      while (performance.now() - start < STALL_TIME + 1);
      bench.push(10);
      bench.backlog.flush();
      expect(bench.overflows).to.deep.equal(['slow-messages']);
    });

    it('does not end a session that has fewer waiting', async () => {
      const fewer = new Bench({ maxSessionMessages: 3 });
      const stopped = new Bench({ maxSessionMessages: 2 });
      for (const bench of [fewer, stopped]) {
        bench.sink.isOpen = false;
        for (let i = 0; i < 2; i++) bench.push(10);
        bench.backlog.flush();
      }
      await until(() => stopped.overflows.length > 0, 'the one with as many as allowed to be ended');
      fewer.push(10);
      expect([fewer.overflows, fewer.waiting]).to.deep.equal([[], [3, 30]]);
      fewer.backlog.end();
      fewer.turn.stop();
    });

    it('does not end a session whose socket takes its time, but takes', async () => {
      const bench = new Bench({ maxSessionMessages: 3 });
      bench.sink.isOpen = false;
      for (let i = 0; i < 20; i++) bench.push(MAX_WRITE_BYTES);
      bench.backlog.flush();
      for (let i = 1; i <= 6; i++) {
        const start = performance.now();
        await until(() => performance.now() - start > 0.4 * STALL_TIME, 'a while');
        bench.sink.take();
        bench.push(10);
      }
      expect(bench.overflows).to.deep.equal([]);
      bench.backlog.end();
      bench.turn.stop();
    });

    it('does not end a session at once whose socket refuses for the first time', async () => {
      await until(() => performance.now() > STALL_TIME + 1, 'the process to be older than the stall time');
      const bench = new Bench({ maxSessionMessages: 3 });
      bench.sink.isOpen = false;
      for (let i = 0; i < 10; i++) bench.push(10);
      bench.backlog.flush();
      bench.push(10);
      bench.backlog.flush();
      expect([bench.overflows, bench.waiting]).to.deep.equal([[], [11, 110]]);
      bench.backlog.end();
    });

    it('is not passed by many messages of one turn to a session whose socket takes them', () => {
      const bench = new Bench({ maxSessionMessages: 3 });
      for (let i = 0; i < 100; i++) bench.push(10);
      bench.backlog.flush();
      bench.push(10);
      bench.backlog.flush();
      expect([bench.overflows, bench.sink.bytes.length]).to.deep.equal([[], 1010]);
    });

    it('counts the messages in a batch, not the batches', async () => {
      const bench = new Bench({ maxSessionMessages: 3 });
      bench.sink.isOpen = false;
      bench.backlog.push(Buffer.alloc(30), 0, 30, 3);
      bench.backlog.flush();
      await until(() => bench.overflows.length > 0, 'the overflow');
    });

    it('holds nobody to account who has ended before', async () => {
      const [ended, stopped] = [new Bench({ maxSessionMessages: 1 }), new Bench({ maxSessionMessages: 1 })];
      for (const bench of [ended, stopped]) {
        bench.sink.isOpen = false;
        bench.push(10);
        bench.backlog.flush();
      }
      ended.backlog.end();
      await until(() => stopped.overflows.length > 0, 'the other one to be ended');
      expect(ended.overflows).to.deep.equal([]);
    });

    it('of 0 ends the session at its first message', () => {
      const bench = new Bench({ maxSessionMessages: 0 });
      bench.push(10);
      bench.backlog.flush();
      expect([bench.overflows, bench.sink.calls.length]).to.deep.equal([['slow-messages'], 0]);
    });
  });

  describe('limit in bytes', () => {
    it('may be reached', () => {
      const bench = new Bench({ maxSessionBytes: 100 });
      bench.push(60);
      bench.push(40);
      bench.backlog.flush();
      expect([bench.overflows, bench.sink.bytes.length]).to.deep.equal([[], 100]);
    });

    it('may not be passed', () => {
      const bench = new Bench({ maxSessionBytes: 100 });
      bench.push(60);
      bench.push(41);
      bench.backlog.flush();
      expect([bench.overflows, bench.sink.calls.length]).to.deep.equal([['slow-bytes'], 0]);
    });

    it('counts what is being written', () => {
      const bench = new Bench({ maxSessionBytes: 100 });
      bench.sink.isOpen = false;
      bench.push(60);
      bench.backlog.flush();
      bench.push(41);
      bench.backlog.flush();
      expect(bench.overflows).to.deep.equal(['slow-bytes']);
    });
  });

  it('does not judge a client by its reading while it gets what it has missed', async () => {
    const bench = new Bench({ maxSessionMessages: 2, maxSessionBytes: 1000 });
    bench.sink.isOpen = false;
    for (let i = 0; i < 4; i++) bench.backlog.replay(Buffer.alloc(600), 0, 600, 1);
    bench.backlog.flush();
    // What it would be judged for is found by a timer, or by the next message.
    await new Promise((resolve) => setTimeout(resolve, 2 * STALL_TIME));
    bench.backlog.replay(Buffer.alloc(600), 0, 600, 1);
    bench.backlog.flush();
    expect([bench.overflows, bench.waiting]).to.deep.equal([[], [5, 3000]]);
    bench.backlog.replayed();
    bench.push(1);
    bench.backlog.flush();
    expect(bench.overflows).to.deep.equal(['slow-bytes']);
    bench.turn.stop();
  });

  it('counts what a socket refuses, but not what was missed, nor what waits behind it', async () => {
    const bench = new Bench();
    bench.push(500);
    bench.backlog.flush();
    expect(bench.backlog.refusedBytes()).to.equal(0);
    bench.sink.isOpen = false;
    bench.push(600);
    bench.backlog.flush();
    expect(bench.backlog.refusedBytes()).to.equal(600);
    bench.backlog.replay(Buffer.alloc(700), 0, 700, 1);
    bench.backlog.replayed();
    bench.push(800);
    bench.backlog.flush();
    expect(bench.backlog.refusedBytes()).to.equal(0);
    bench.sink.open();
    await until(() => bench.backlog.waitingBytes === 0, 'the end of the backlog');
    expect(bench.backlog.refusedBytes()).to.equal(0);
    bench.sink.isOpen = false;
    bench.push(900);
    bench.backlog.flush();
    expect(bench.backlog.refusedBytes()).to.equal(900);
    bench.turn.stop();
  });

  it('takes a mark for one that had none since it was last asked', () => {
    const bench = new Bench();
    const [first, mark, event] = [Buffer.from('first'), Buffer.from('mark'), Buffer.from('event')];
    const marks = { current: first, settle: () => true };
    bench.backlog.deliver(event, 0, 5, 1, false, marks);
    for (let i = 0; i < 3; i++) bench.backlog.remind(mark);
    bench.backlog.flush();
    expect(bench.sink.bytes.toString()).to.equal('firsteventmarkmark');
    bench.turn.stop();
  });

  it('does not judge a client by its reading while it is not read itself', async () => {
    const bench = new Bench({ maxSessionMessages: 1 });
    bench.sink.isOpen = false;
    bench.push(10);
    bench.backlog.flush();
    bench.backlog.excuse(true);
    const start = performance.now();
    await until(() => performance.now() - start > 2 * STALL_TIME, 'the time of one that has stopped');
    bench.push(10);
    bench.backlog.flush();
    expect(bench.overflows).to.deep.equal([]);
    bench.backlog.excuse(false);
    bench.backlog.wasBlocked();
    bench.push(10);
    bench.backlog.flush();
    expect(bench.overflows, 'it sent, and reads from now on').to.deep.equal([]);
    await until(() => bench.overflows.length > 0, 'its end, for it does not read');
    expect(bench.overflows).to.deep.equal(['slow-messages']);
    bench.turn.stop();
  });

  it('is behind with more than a quarter of its limit, unless the socket has stopped taking bytes', async () => {
    const bench = new Bench({ maxSessionBytes: 400 });
    bench.sink.isOpen = false;
    bench.push(100);
    bench.backlog.flush();
    expect(bench.backlog.isBehind).to.equal(false);
    bench.push(1);
    expect(bench.backlog.isBehind, 'what it has not written yet counts').to.equal(true);
    bench.backlog.flush();
    await until(() => !bench.backlog.isBehind, 'the socket to count as stopped');
    expect(bench.waiting).to.deep.equal([2, 101]);
    bench.sink.take();
    bench.push(100);
    expect(bench.backlog.isBehind, 'it has taken something').to.equal(true);
    bench.backlog.end();
    bench.turn.stop();
  });

  it('tells an overflow when the turn writes, not in the middle of a delivery', () => {
    const bench = new Bench({ maxSessionMessages: 0 });
    bench.push(10);
    expect(bench.overflows).to.deep.equal([]);
    bench.turn.stop();
  });

  it('keeps nothing after an overflow', () => {
    const bench = new Bench({ maxSessionBytes: 100 });
    bench.push(60);
    bench.push(60);
    bench.push(10);
    expect(bench.waiting).to.deep.equal([0, 0]);
    bench.turn.stop();
  });

  it('writes and takes nothing after its end, and passes no limit', () => {
    const bench = new Bench({ maxSessionBytes: 15 });
    bench.push(10);
    bench.backlog.end();
    bench.push(20);
    bench.backlog.flush();
    expect([bench.sink.calls.length, bench.waiting, bench.overflows]).to.deep.equal([0, [0, 0], []]);
    bench.turn.stop();
  });

  it('writes nothing more when a refused write goes through after its end', async () => {
    const bench = new Bench();
    bench.sink.isOpen = false;
    bench.push(10);
    bench.backlog.flush();
    bench.push(20);
    bench.backlog.end();
    bench.sink.open();
    await until(() => bench.backlog.waitingBytes === 0, 'the write');
    expect(bench.sink.bytes.length).to.equal(10);
  });

  it('writes nothing more when a write fails', async () => {
    const bench = new Bench();
    bench.sink.isOpen = false;
    bench.push(10);
    bench.backlog.flush();
    bench.push(20);
    bench.sink.take(new Error('broken'));
    await until(() => bench.sink.destroyed, 'the end of the socket');
    expect(bench.sink.bytes.length).to.equal(10);
    bench.turn.stop();
  });
});
