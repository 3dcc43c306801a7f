/** Questions to other servers, and broadcasts that clients acknowledge. */
import { expect } from 'chai';
import { AckRequest } from '../../../lib/adapters/socket.io/ack-request.js';
import { AckRequests } from '../../../lib/adapters/socket.io/ack-requests.js';
import { MAX_OPEN_REQUESTS } from '../../../lib/adapters/socket.io/open-requests.js';
import { Requests } from '../../../lib/adapters/socket.io/requests.js';
import type { TimerClock } from '../../../lib/util/clock.js';
import { TimerQueue } from '../../../lib/util/timer-queue.js';

const NOBODY = new Map<string, string>();
const only =
  (...ids: readonly string[]) =>
  (id: string): boolean =>
    ids.includes(id);

/** A clock that is moved by hand. */
class HandClock implements TimerClock {
  private time = 0;
  private due: { readonly at: number; readonly f: () => void; isHeld: boolean }[] = [];

  now(): number {
    return this.time;
  }

  after(milliseconds: number, f: () => void) {
    const entry = { at: this.time + milliseconds, f, isHeld: true };
    this.due.push(entry);
    const timer = {
      cancel: () => void (this.due = this.due.filter((each) => each !== entry)),
      ref: () => {
        entry.isHeld = true;
        return timer;
      },
      unref: () => {
        entry.isHeld = false;
        return timer;
      },
    };
    return timer;
  }

  /** Timers that keep the process alive. */
  get waiting(): number {
    return this.due.filter(({ isHeld }) => isHeld).length;
  }

  pass(milliseconds: number): void {
    this.time += milliseconds;
    const ready = this.due.filter(({ at }) => at <= this.time);
    this.due = this.due.filter(({ at }) => at > this.time);
    for (const { f } of ready) f();
  }
}

describe('socket.io: requests', () => {
  let clock: HandClock;
  let requests: Requests;
  let log: unknown[];

  const ask = (enough = false): string =>
    requests.ask({
      timeoutMs: 100,
      answered: (value, sender) => {
        log.push([sender, value]);
        return enough;
      },
      done: () => log.push('done'),
      silent: (missing) => log.push(missing),
    });

  beforeEach(() => {
    clock = new HandClock();
    requests = new Requests('x', new TimerQueue(clock));
    log = [];
  });

  it('end when all who were asked have answered, each once', () => {
    const id = ask();
    requests.placed(id, ['b', 'c']);
    requests.answer(id, 1, 'b');
    requests.answer(id, 2, 'b');
    requests.answer(id, 3, 'stranger');
    expect(log).to.deep.equal([['b', 1]]);
    requests.answer(id, 4, 'c');
    expect(log).to.deep.equal([['b', 1], ['c', 4], 'done']);
    expect(requests.size).to.equal(0);
    clock.pass(200);
    expect(log).to.have.length(3);
  });

  it('end at once when nobody is asked', () => {
    requests.placed(ask(), []);
    expect(log).to.deep.equal(['done']);
  });

  it('end with the first answer that is enough', () => {
    const id = ask(true);
    requests.placed(id, ['b', 'c']);
    requests.answer(id, 1, 'c');
    expect(log).to.deep.equal([['c', 1], 'done']);
  });

  it('wait for nobody who is gone', () => {
    const id = ask();
    requests.placed(id, ['b', 'c']);
    requests.answer(id, 1, 'b');
    requests.view(only('a', 'b'), NOBODY);
    expect(log).to.deep.equal([['b', 1], 'done']);
  });

  it('follow a server that has returned under another id', () => {
    const id = ask();
    requests.placed(id, ['b']);
    requests.view(only('b2'), new Map([['b', 'b2']]));
    requests.answer(id, 1, 'b2');
    expect(log).to.deep.equal([['b2', 1], 'done']);
  });

  it('are not touched by views before their place', () => {
    const id = ask();
    requests.view(only('a'), NOBODY);
    requests.placed(id, ['b']);
    expect(log).to.deep.equal([]);
  });

  it('say how many servers are silent when the time is up', () => {
    const id = ask();
    requests.placed(id, ['b', 'c', 'd']);
    requests.answer(id, 1, 'c');
    clock.pass(99);
    expect(log).to.have.length(1);
    clock.pass(1);
    expect(log.at(-1)).to.equal(2);
    requests.answer(id, 1, 'b');
    expect(log).to.have.length(2);
  });

  it('are limited in number', () => {
    for (let i = 0; i < 10_000; i++) ask();
    expect(() => ask()).to.throw('expected at most 10000 open requests to other servers');
  });
});

describe('socket.io: a broadcast with acknowledgements', () => {
  let counts: number[];
  let acks: unknown[];

  const request = (servers: number, ...asked: readonly string[]): AckRequest => {
    counts = [];
    acks = [];
    const made = new AckRequest(
      servers,
      (count) => counts.push(count),
      (value) => acks.push(value),
    );
    made.placed(asked);
    return made;
  };

  it('tells the clients of each server when they have answered', () => {
    const made = request(2, 'a', 'b');
    made.counted('a', 2);
    made.counted('b', 0);
    expect(counts).to.deep.equal([0]);
    made.acknowledged('a', 'x');
    made.acknowledged('a', 'y');
    expect(counts).to.deep.equal([0, 2]);
    expect(acks).to.deep.equal(['x', 'y']);
  });

  it('counts of a server that is gone what its clients had answered', () => {
    const made = request(2, 'a', 'b');
    made.counted('a', 1);
    made.acknowledged('a', 'x');
    made.counted('b', 3);
    made.acknowledged('b', 'y');
    made.view(only('a'), NOBODY);
    expect(counts).to.deep.equal([1, 1]);
    made.acknowledged('b', 'z');
    expect(acks).to.deep.equal(['x', 'y']);
  });

  it('tells as many numbers as the host waits for when servers have left since', () => {
    const made = request(3, 'a');
    made.counted('a', 0);
    expect(counts).to.deep.equal([0, 0, 0]);
  });

  it('tells as many numbers as the host waits for when servers have come since', () => {
    const made = request(2, 'a', 'b', 'c');
    for (const sender of ['a', 'b', 'c']) {
      made.counted(sender, 1);
      made.acknowledged(sender, sender);
    }
    expect(counts).to.deep.equal([1, 2]);
  });

  it('follows a server that has returned under another id', () => {
    const made = request(1, 'a');
    made.view(only('a2'), new Map([['a', 'a2']]));
    made.counted('a2', 1);
    made.acknowledged('a2', 'x');
    expect(counts).to.deep.equal([1]);
  });

  it('takes nothing of a server that was not asked', () => {
    const made = request(1, 'a');
    made.counted('b', 5);
    made.acknowledged('b', 'x');
    expect([counts, acks]).to.deep.equal([[], []]);
  });
});

describe('socket.io: broadcasts that wait for acknowledgements', () => {
  let clock: HandClock;
  let acks: AckRequests;
  let log: unknown[];

  /** One that has its place. */
  const add = (asked: readonly string[]): string => {
    const id = acks.add(100);
    const note = (value: unknown): void => void log.push(value);
    acks.begin(id, new AckRequest(asked.length, note, note));
    acks.placed(id, asked);
    return id;
  };

  beforeEach(() => {
    clock = new HandClock();
    acks = new AckRequests('x', new TimerQueue(clock));
    log = [];
  });

  it('end when all clients have acknowledged, with their timer', () => {
    const id = add(['a', 'b']);
    acks.counted(id, 'a', 1);
    acks.acknowledged(id, 'a', 'yes');
    acks.counted(id, 'b', 0);
    expect([log, acks.size, clock.waiting]).to.deep.equal([['yes', 1, 0], 0, 0]);
    acks.acknowledged(id, 'a', 'late');
    expect(log).to.have.length(3);
  });

  it('end when the servers that have not answered are gone', () => {
    const id = add(['a', 'b']);
    acks.counted(id, 'a', 0);
    acks.view(only('a'), NOBODY);
    expect([log, acks.size]).to.deep.equal([[0, 0], 0]);
  });

  it('end when their time is over, and when nobody waits any more', () => {
    add(['a']);
    clock.pass(100);
    expect(acks.size).to.equal(0);
    const early = acks.add(100);
    acks.counted(early, 'a', 1);
    add(['a']);
    expect(acks.size).to.equal(2);
    acks.close();
    expect([acks.size, clock.waiting]).to.deep.equal([0, 0]);
    acks.end(early);
    acks.begin(
      early,
      new AckRequest(
        1,
        () => undefined,
        () => undefined,
      ),
    );
    expect(acks.size).to.equal(0);
  });

  it('are refused above 10,000', () => {
    for (let i = 0; i < MAX_OPEN_REQUESTS; i++) acks.add(100);
    expect(() => acks.add(100)).to.throw('expected at most 10000 broadcasts that wait');
    clock.pass(100);
    expect(acks.size).to.equal(0);
    acks.add(100);
  });
});
