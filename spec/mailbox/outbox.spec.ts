/** What leaves a connection together, and whom a program that awaits each of its sends lets have a turn. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { KeptOutbox } from '../../lib/client/resume/kept-outbox.js';
import { Outbox } from '../../lib/mailbox/outbox.js';
import type { Transport } from '../../lib/mailbox/transport.js';
import { systemClock } from '../../lib/util/clock.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { givenSeed, Random } from '../support/random.js';
import { bodyOf, LateWay } from './late-way.js';

const HIGH_WATER = 64 * 1024;
const FRAME_BYTES = 80;

/** Takes everything at once, as a kernel with room does. */
class WideTransport {
  /** Bytes of each write; those between `cork` and `uncork` are one. */
  readonly writes: number[] = [];
  readonly destroyed = false;
  private gathered = 0;

  cork(): void {
    this.gathered = 0;
  }

  uncork(): void {
    this.writes.push(this.gathered);
  }

  write(bytes: Uint8Array, done?: () => void): void {
    this.gathered += bytes.length;
    if (done) process.nextTick(done);
  }
}

type Send = (data: Uint8Array) => Promise<unknown>;

function plain(transport: unknown): Send {
  const outbox = new Outbox(transport as Transport, '#a#d1', HIGH_WATER, systemClock);
  return (data) => outbox.submit(AGREED_MESS, ['g'], 0, [data]);
}

/** At a daemon that acknowledges nothing. */
function kept(transport: unknown): Send {
  const outbox = new KeptOutbox('#a#d1', HIGH_WATER, systemClock);
  outbox.begin(transport as Transport, '#a#d1', false, () => undefined);
  return (data) => outbox.keep(AGREED_MESS, ['g'], 0, [data], false);
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('outbox', () => {
  for (const [name, make] of [
    ['of a plain connection', plain],
    ['of a connection with resume', kept],
  ] as const) {
    describe(name, () => {
      it('writes what is sent in one turn at once, after the promises of the turn', async () => {
        const transport = new WideTransport();
        const send = make(transport);
        void send(Buffer.alloc(20));
        void send(Buffer.alloc(20));
        await Promise.resolve();
        expect(transport.writes).to.deep.equal([]);
        void send(Buffer.alloc(20));
        await turn();
        expect(transport.writes).to.deep.equal([3 * (FRAME_BYTES + 20)]);
      });

      it('gathers sends that are awaited one by one', async () => {
        const transport = new WideTransport();
        const send = make(transport);
        for (let i = 0; i < 100; i++) await send(Buffer.alloc(20));
        await turn();
        expect(transport.writes).to.deep.equal([100 * (FRAME_BYTES + 20)]);
      });

      for (const bytes of [20, 20_000]) {
        it(`lets others have their turn when each send of ${bytes} bytes is awaited`, async () => {
          const send = make(new WideTransport());
          const others = { hadTurn: false };
          setImmediate(() => (others.hadTurn = true));
          let sent = 0;
          for (; !others.hadTurn && sent < 100_000; sent++) await send(Buffer.alloc(bytes));
          expect(sent * bytes).to.be.at.most(HIGH_WATER + bytes);
        });
      }

      const seed = givenSeed();
      it(`leaves memory as it is until the kernel has read it (SEED=${seed})`, async () => {
        const random = new Random(seed);
        const way = new LateWay('#a#d1');
        const send = make(way);
        for (let number = 1; number <= 3_000;) {
          const what = random.below(10);
          if (what < 8) void send(bodyOf(number++, 4 + random.below(what === 0 ? 20_000 : 2_000)));
          else if (what === 8) way.read();
          else await turn();
        }
        while (way.numbers.at(-1) !== 3_000) {
          await turn();
          way.read();
        }
        expect(way.numbers).to.deep.equal(Array.from({ length: 3_000 }, (_, i) => i + 1));
      });

      it('leaves memory as it is when the connection is lost, and the write under way is called done', async () => {
        const [lost, way] = [new LateWay('#a#d1'), new LateWay('#a#d1')];
        const send = make(lost);
        for (let i = 1; i <= 200; i++) void send(bodyOf(i, 1_000)).catch(() => undefined);
        await turn();
        lost.destroyed = true;
        lost.read();
        const before = new Set(lost.memory);
        const next = make(way);
        for (let i = 1; i <= 1_000; i++) void next(bodyOf(i, 1_000));
        for (await turn(); !way.isIdle; await turn()) way.read();
        expect([...way.memory].filter((each) => before.has(each))).to.deep.equal([]);
      });

      it('uses memory again that the kernel has read', async () => {
        const way = new LateWay('#a#d1');
        const send = make(way);
        for (let i = 1; i <= 2_000; i++) {
          void send(bodyOf(i, 1_000));
          if (i % 50 > 0) continue;
          await turn();
          way.read();
        }
        // Two million bytes in slabs of 64 KiB; the first ones are smaller.
        expect(way.memory.size).to.be.below(12);
      });
    });
  }
});
