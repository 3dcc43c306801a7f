/** The memory of requests that are kept: as it is while somebody may read it, and used again after that. */
import { expect } from 'chai';
import { KeptOutbox } from '../../../lib/client/resume/kept-outbox.js';
import { systemClock } from '../../../lib/util/clock.js';
import { AGREED_MESS, LEAVE_MESS } from '../../../lib/wire/service.js';
import { bodyOf, LateWay } from '../../mailbox/late-way.js';
import { givenSeed, Random } from '../../support/random.js';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** An outbox, and the daemons that it sends to. They check that a number means one request, wherever it is sent again. */
class Sending {
  readonly outbox = new KeptOutbox('#a#d1', 1 << 20, systemClock);
  way!: LateWay;
  isNumbered = true;
  /** Number of the last message, and of the last leave. */
  sent = 0;
  left = 0;
  /** Requests of the session by their numbers, as daemons have read them. */
  known: (number | string)[] = [];
  private next = 1;
  /** The last message of the session that was read for the first time. */
  private last: number | null = null;
  private daemon = 0;

  constructor() {
    this.begin(true);
  }

  send(length: number): void {
    const sent = this.outbox.keep(AGREED_MESS, ['g'], 0, [bodyOf(++this.sent, length)], false);
    sent.catch(() => undefined);
  }

  leave(): void {
    void this.outbox.send(LEAVE_MESS, [`left-${++this.left}`], 0, []);
  }

  /** A session that knows nothing of before. */
  begin(isNumbered: boolean): void {
    this.known = [];
    this.last = null;
    this.isNumbered = isNumbered;
    const name = this.nextWay();
    this.outbox.begin(this.way.transport, name, isNumbered, () => undefined);
  }

  /** The session of before, at the next daemon. */
  resume(stable: number): void {
    const name = this.nextWay();
    this.outbox.resume(this.way.transport, name, stable, (next) => {
      this.next = next;
      return [];
    });
  }

  /** The connection is lost. */
  lose(): void {
    this.way.lose();
    this.outbox.detach();
  }

  /** Nothing more is written to this daemon, which has all that was. */
  leaveDaemon(): void {
    void this.outbox.halt();
    while (!this.way.isIdle) this.way.read();
    this.outbox.detach();
  }

  /** Everything is read that there is. */
  async readAll(): Promise<void> {
    for (await turn(); !this.way.isIdle; await turn()) this.way.read();
  }

  private nextWay(): string {
    const name = `#a#d${++this.daemon}`;
    this.next = 1;
    this.way = new LateWay(name, (what, value) => this.took(what, value));
    return name;
  }

  private took(what: string, value: number | string): void {
    if (what === 'number') this.next = Number(value);
    else if (this.isNumbered) this.request(this.next++, value);
    else this.isNext(value);
  }

  private request(number: number, value: number | string): void {
    const { known } = this;
    expect(number, 'no number is left out').to.be.at.most(known.length + 1);
    if (number <= known.length) {
      expect(known[number - 1], `request ${number}`).to.equal(value);
    } else {
      known.push(value);
      this.isNext(value);
    }
  }

  /** Messages come in their order, none is left out in a session. */
  private isNext(value: number | string): void {
    if (typeof value === 'string') return;
    if (this.last !== null) expect(value, 'the next message').to.equal(this.last + 1);
    this.last = value;
  }
}

/** What happens to a connection by chance. */
async function step(sending: Sending, random: Random): Promise<void> {
  const { outbox, known, isNumbered, way } = sending;
  const some = (): number => random.below(known.length + 1);
  const what = random.below(42);
  if (what < 16) sending.send(what === 0 ? 16_000 + random.below(2_000) : 4 + random.below(9_000));
  else if (what < 18) sending.leave();
  else if (what < 20) {
    const groups = known.filter((each) => typeof each === 'string');
    outbox.left(groups[random.below(groups.length + 1)] ?? 'none');
  } else if (what < 26) await turn();
  else if (what < 33) way.read();
  else if (what < 39) outbox.acknowledge(some());
  else {
    if (what === 39) sending.leaveDaemon();
    else sending.lose();
    if (isNumbered && random.below(4) > 0) sending.resume(some());
    else sending.begin(random.below(3) > 0);
  }
}

describe('the memory of requests that are kept', () => {
  const seed = givenSeed();

  it(`stays as it is while they may be sent again or are being written (SEED=${seed})`, async () => {
    const random = new Random(seed);
    for (let run = 0; run < 40; run++) {
      const sending = new Sending();
      for (let i = 0; i < 300; i++) await step(sending, random);
      await sending.readAll();
      sending.send(10);
      await sending.readAll();
      expect(sending.way.numbers.at(-1), 'the last message').to.equal(sending.sent);
    }
  });

  it('is used again when they are acknowledged', async () => {
    const sending = new Sending();
    const { way, outbox } = sending;
    for (let i = 0; i < 2_000; i++) {
      sending.send(1_000);
      if (i % 50 < 49) continue;
      await sending.readAll();
      outbox.acknowledge(sending.sent);
    }
    // Two million bytes in slabs of 64 KiB; the first ones are smaller.
    expect(way.memory.size).to.be.below(12);
  });

  for (const isLast of [false, true]) {
    const when = isLast ? ', nor when everything is written at the end' : '';
    it(`is not used again for a daemon that acknowledges what it has not read${when}`, async () => {
      const [sending, other] = [new Sending(), new Sending()];
      const sendMany = async (by: Sending): Promise<void> => {
        for (let i = 0; i < 200; i++) by.send(1_000);
        await turn();
      };
      await sendMany(sending);
      await sending.readAll();
      await sendMany(sending);
      if (isLast) sending.outbox.writeRest();
      sending.outbox.acknowledge(sending.sent);
      await sendMany(other);
      await sendMany(other);
      await sending.readAll();
      expect(sending.way.numbers.length, 'messages of a write that was under way').to.be.above(200);
    });
  }
});
