import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Dispatcher } from '../../../daemon/engine/corosync/transport/dispatcher.js';
import type { CpgEvent } from '../../../daemon/engine/views/ordered-transport.js';

const OK = 1;
const LIBRARY = 2;
const TRY_AGAIN = 6;

const LIMIT = 2000;

/** What the library has, and the collector that gets it. */
class FakeLibrary {
  now = 0;
  failure: Error | null = null;
  /** Events that wait, by the bytes of their data. */
  waiting: number[] = [];
  /** What it says when nothing waits. */
  idle = TRY_AGAIN;
  bytes = 0;
  private events: CpgEvent[] = [];

  readonly dispatcher = new Dispatcher(
    this,
    () => this.dispatch(),
    () => this.now,
  );

  get size(): number {
    return this.events.length;
  }

  take(): readonly CpgEvent[] {
    this.bytes = 0;
    return this.events.splice(0);
  }

  /** One turn at that time. */
  turn(now: number): { readonly status: number; readonly count: number; readonly emptyAt: number } {
    this.now = now;
    const { status, batch, emptyAt } = this.dispatcher.turn();
    return { status, count: batch.length, emptyAt };
  }

  /** It takes a millisecond. */
  private dispatch(): number {
    this.now++;
    const size = this.waiting.shift();
    if (size === undefined) return this.idle;
    this.bytes += size;
    this.events.push({ kind: 'deliver', node: 1, pid: 1, data: Buffer.alloc(0) });
    return OK;
  }
}

describe('the dispatcher of the transport', () => {
  let library: FakeLibrary;

  beforeEach(() => {
    library = new FakeLibrary();
  });

  it('takes all that waits in one turn', () => {
    library.waiting = [10, 10, 10];
    expect(library.turn(0)).to.include({ status: TRY_AGAIN, count: 3 });
    expect(library.turn(0)).to.include({ status: TRY_AGAIN, count: 0 });
  });

  it('takes a limited number of events or bytes in a turn', () => {
    library.waiting = Array.from({ length: LIMIT + 1 }, () => 1);
    expect(library.turn(0)).to.include({ status: OK, count: LIMIT });
    expect(library.turn(0)).to.include({ status: TRY_AGAIN, count: 1 });
    library.waiting = [256 * 1024, 256 * 1024, 1];
    expect(library.turn(0)).to.include({ status: OK, count: 2 });
  });

  it('says when nothing waited: before the look that found nothing, not after it', () => {
    library.waiting = [1, 1];
    expect(library.turn(100)).to.deep.equal({ status: TRY_AGAIN, count: 2, emptyAt: -Infinity });
    library.waiting = [1];
    expect(library.turn(200)).to.deep.equal({ status: TRY_AGAIN, count: 1, emptyAt: 100 });
    library.turn(300);
    library.waiting = [1];
    expect(library.turn(400)).to.deep.equal({ status: TRY_AGAIN, count: 1, emptyAt: 300 });
  });

  it('does not take a turn that left something for one that found nothing', () => {
    library.turn(100);
    library.waiting = Array.from({ length: 2 * LIMIT + 1 }, () => 1);
    for (const now of [10_000, 20_000])
      expect(library.turn(now)).to.deep.equal({ status: OK, count: LIMIT, emptyAt: 100 });
    expect(library.turn(30_000)).to.deep.equal({ status: TRY_AGAIN, count: 1, emptyAt: 100 });
    expect(library.turn(40_000).emptyAt).to.equal(30_000);
  });

  it('does not take a lost connection for one on which nothing waits', () => {
    library.turn(100);
    library.idle = LIBRARY;
    expect(library.turn(200)).to.deep.equal({ status: LIBRARY, count: 0, emptyAt: 100 });
    expect(library.turn(300).emptyAt).to.equal(100);
  });

  it('says that an event could not be taken', () => {
    const failure = new Error('no room');
    library.failure = failure;
    expect(library.dispatcher.turn().failure).to.equal(failure);
  });
});
