/** The memory of requests that are kept: as it is while somebody may read it, and used again after that. */
import { expect } from 'chai';
import { KeptOutbox } from '../../../lib/client/resume/kept-outbox.js';
import { systemClock } from '../../../lib/util/clock.js';
import { AGREED_MESS, LEAVE_MESS } from '../../../lib/wire/service.js';
import { bodyOf, LateWay } from '../../mailbox/late-way.js';
import { givenSeed, Random } from '../../support/random.js';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** An outbox with its daemon, which numbers requests. */
class Sending {
  way = new LateWay('#a#d1');
  readonly outbox = new KeptOutbox('#a#d1', 1 << 20, systemClock);
  /** Number of the last message, and of the last request. */
  sent = 0;
  requests = 0;
  private stable = 0;
  private daemon = 1;

  constructor() {
    this.outbox.begin(this.way.transport, '#a#d1', true, () => undefined);
  }

  send(length: number): void {
    this.requests++;
    void this.outbox.keep(AGREED_MESS, ['g'], 0, [bodyOf(++this.sent, length)], false);
  }

  leave(): void {
    this.requests++;
    void this.outbox.send(LEAVE_MESS, ['g'], 0, []);
  }

  acknowledge(number: number): void {
    this.stable = Math.max(this.stable, number);
    this.outbox.acknowledge(this.stable);
  }

  /** The connection is lost, and continues at the next daemon. */
  move(): LateWay {
    this.way.lose();
    this.outbox.detach();
    const name = `#a#d${++this.daemon}`;
    this.way = new LateWay(name);
    this.outbox.resume(this.way.transport, name, this.stable, () => []);
    return this.way;
  }
}

describe('the memory of requests that are kept', () => {
  const seed = givenSeed();

  it(`stays as it is while they may be sent again or are being written (SEED=${seed})`, async () => {
    const random = new Random(seed);
    for (let run = 0; run < 40; run++) {
      const sending = new Sending();
      // Requests in the order of their numbers; of a message: its number.
      const numbers: (number | null)[] = [];
      for (let step = 0; step < 200; step++) {
        const what = random.below(20);
        if (what < 8) {
          sending.send(what === 0 ? 16_000 + random.below(2_000) : 4 + random.below(3_000));
          numbers.push(sending.sent);
        } else if (what === 8) {
          sending.leave();
          numbers.push(null);
        } else if (what < 12) {
          await turn();
        } else if (what < 16) {
          sending.way.read();
        } else if (what < 19) {
          const read = sending.way.numbers.at(-1);
          if (read !== undefined) sending.acknowledge(1 + random.below(numbers.indexOf(read) + 1));
        } else {
          sending.move();
        }
      }
      const way = sending.move();
      sending.send(10);
      while (way.numbers.at(-1) !== sending.sent) {
        await turn();
        way.read();
      }
    }
  });

  it('is used again when they are acknowledged', async () => {
    const sending = new Sending();
    const { way } = sending;
    for (let i = 0; i < 2_000; i++) {
      sending.send(1_000);
      if (i % 50 < 49) continue;
      await turn();
      way.read();
      way.read();
      sending.acknowledge(sending.requests);
    }
    // Two million bytes in slabs of 64 KiB; the first ones are smaller.
    expect(way.memory.size).to.be.below(12);
  });

  it('is not used again for a daemon that acknowledges what it has not read', async () => {
    const sending = new Sending();
    const { way } = sending;
    const sendMany = async (): Promise<void> => {
      for (let i = 0; i < 200; i++) sending.send(1_000);
      await turn();
    };
    await sendMany();
    while (way.numbers.at(-1) !== sending.sent) way.read();
    await sendMany();
    sending.acknowledge(sending.requests);
    await sendMany();
    way.read();
    expect(way.numbers.length, 'messages of the write that was under way').to.be.above(200);
  });
});
